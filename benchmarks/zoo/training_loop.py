"""The training loop of both families: updates, points of a curve, checkpoints to go on from."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from w2s_bench.benchmarks.zoo.checkpoint import Progress, restore, store

EVERY, POINTS = 200, 20  # steps between points of the curve; a short run has so many points at least
KEEP = 2  # points between checkpoints


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A member in training: ``steps`` updates of ``amount`` tokens or positions each.

    ``batches(start)`` gives those from step ``start`` on, which depend on nothing but the step;
    ``factor(step)`` scales the optimizers' peak rates. ``key`` tells recipe and data: a checkpoint of
    another key is not gone on from.
    """

    name: str
    net: nn.Module
    optimizers: list[Optimizer]
    steps: int
    amount: int
    factor: Callable[[int], float]
    batches: Callable[[int], Iterator[Any]]
    loss: Callable[[Any], Tensor]
    checkpoint: Path
    key: str

    def train(self) -> Progress:
        """Go on from the checkpoint, if there is one, to the end; the weights are left in ``net``."""
        peaks = [[group["lr"] for group in o.param_groups] for o in self.optimizers]
        progress = restore(self.checkpoint, self.key, self.net, self.optimizers)
        began, first, losses = time.process_time() - progress.seconds, progress.step, list[float]()
        every = min(EVERY, max(1, self.steps // POINTS))
        for step, batch in zip(range(first, self.steps), self.batches(first), strict=False):
            losses.append(self._update(batch, step, peaks))
            if (step + 1) % every == 0 or step + 1 == self.steps:
                progress.step, progress.seconds = step + 1, time.process_time() - began
                self._note(progress, losses)
            if (step + 1) % (every * KEEP) == 0:
                store(self.checkpoint, self.key, self.net, self.optimizers, progress)
        return progress

    def _update(self, batch: Any, step: int, peaks: list[list[float]]) -> float:
        for optimizer, rates in zip(self.optimizers, peaks, strict=True):
            optimizer.zero_grad()
            for group, peak in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = peak * self.factor(step)
        value = self.loss(batch)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        return value.item()

    def _note(self, progress: Progress, losses: list[float]) -> None:
        """A point of the curve: the mean loss since the one before."""
        mean = sum(losses) / len(losses)
        losses.clear()
        progress.curve.append((progress.step * self.amount, round(mean, 4)))
        report(f"{self.name} {progress.step}/{self.steps} loss {mean:.4f} {progress.seconds:.0f} s")


def report(line: str) -> None:
    """A line of progress on standard error."""
    print(line, file=sys.stderr, flush=True)
