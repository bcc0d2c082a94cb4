"""Forward and backward passes of a batch in micro-batches, with the loss of the whole batch.

A loss may depend on all items of a batch at once, so it cannot be summed over micro-batches. Instead it is
split at the logits: a first pass without gradients collects them, the loss of the whole batch gives their
gradient, and a second pass backpropagates each micro-batch's rows of it. Only one micro-batch's graph exists
at a time. Shapes: B items, O options of the widest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from w2s_bench.model import MASKED, Batch

BatchLoss = Callable[[Any, Batch], Tensor]
Backward = Callable[[Any, Any, Sequence[Batch], torch.device, BatchLoss], Tensor]
Indices = NDArray[np.int64]
Collate = Callable[[Indices], Batch]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class Passes:
    """Forward and backward passes of batches, in micro-batches of at most ``size`` items (None: whole).

    When the device runs out of memory, ``size`` is halved and the batch is repeated from the same random
    state. ``halve`` is false when several processes share the fit, because they must cut batches alike.
    """

    accelerate: Any
    net: Any
    device: torch.device
    collate: Collate
    size: int | None = None
    cut: Backward | None = None
    halve: bool = True

    def parts(self, items: Indices) -> list[Batch]:
        """The micro-batches of a batch, in the host's memory."""
        size = self.size or len(items)
        return [self.collate(items[k : k + size]) for k in range(0, len(items), size)]

    def run(self, items: Indices, parts: list[Batch], loss: BatchLoss) -> Tensor:
        """Backpropagate ``loss`` over the batch ``items``, which ``parts`` make up; returns the loss."""
        while True:
            before = random_state(self.device)
            try:
                return self._pass(parts, loss)
            except torch.OutOfMemoryError:
                largest = max(len(part.mask) for part in parts)
                if not self.halve or largest == 1:
                    raise
            self.size = largest // 2  # outside the handler, whose traceback keeps the tensors alive
            self.net.zero_grad()
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            set_random_state(self.device, before)
            parts = self.parts(items)

    def _pass(self, parts: list[Batch], loss: BatchLoss) -> Tensor:
        if len(parts) > 1:
            return (self.cut or by_logits)(self.accelerate, self.net, parts, self.device, loss)
        with self.accelerate.autocast():
            value = loss(self.net, parts[0].to(self.device))
        self.accelerate.backward(value)
        return value


def by_logits(
    accelerate: Any, net: Any, parts: Sequence[Batch], device: torch.device, loss: BatchLoss
) -> Tensor:
    """Backpropagate ``loss`` over all ``parts`` at once, by two forward passes of each; returns the loss."""
    states, rows = [], []
    with torch.no_grad(), accelerate.autocast():
        for part in parts:
            states.append(random_state(device))  # dropout must drop the same in both passes
            rows.append(net(part.to(device)))
    width = max(r.shape[1] for r in rows)
    logits = torch.cat([pad(r, (0, width - r.shape[1]), value=MASKED) for r in rows]).requires_grad_()
    mask = torch.cat([pad(part.mask, (0, width - part.mask.shape[1])) for part in parts]).to(device)
    value = loss(lambda batch: logits, Batch({}, mask))
    (gradient,) = torch.autograd.grad(value, logits)
    for part, state, own in zip(parts, states, gradient.split([len(r) for r in rows]), strict=True):
        set_random_state(device, state)
        with accelerate.autocast():
            again = net(part.to(device))
        accelerate.backward(again, gradient=own[:, : again.shape[1]])
    return value


def by_items(
    accelerate: Any, net: Any, parts: Sequence[Batch], device: torch.device, loss: BatchLoss
) -> Tensor:
    """Backpropagate a loss that is a mean over items: the mean over ``parts``, weighted by their items."""
    total, items = torch.zeros((), device=device), sum(len(part.mask) for part in parts)
    for part in parts:
        with accelerate.autocast():
            value = loss(net, part.to(device)) * (len(part.mask) / items)
        accelerate.backward(value)
        total = total + value.detach()
    return total


def random_state(device: torch.device) -> list[Tensor]:
    """States of PyTorch's random generators: the host's, and the GPU's if the device is one."""
    on_gpu = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *on_gpu]


def set_random_state(device: torch.device, state: list[Tensor]) -> None:
    """Restore the states that :func:`random_state` returned."""
    torch.set_rng_state(state[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state[1], device)


def prefetch(
    steps: Iterable[T], make: Callable[[T], list[Batch]], device: torch.device
) -> Iterator[tuple[T, list[Batch]]]:
    """Pair each step with the batches that ``make`` gives for it, in order.

    On a GPU the next step's batches are made, in pinned memory, while the device works on this one's. On a
    CPU a second thread would take cores away.
    """
    if device.type != "cuda":
        return ((step, make(step)) for step in steps)
    return one_ahead(steps, lambda step: [_pinned(batch) for batch in make(step)])


def one_ahead(steps: Iterable[T], make: Callable[[T], R]) -> Iterator[tuple[T, R]]:
    """Pair each step with ``make(step)``, computed in a thread while the caller uses the step before."""
    with ThreadPoolExecutor(1) as thread:
        waiting: deque[tuple[T, Future[R]]] = deque()
        for step in steps:
            waiting.append((step, thread.submit(make, step)))
            if len(waiting) > 1:
                step, result = waiting.popleft()
                yield step, result.result()
        for step, result in waiting:
            yield step, result.result()


def _pinned(batch: Batch) -> Batch:
    """The batch in pinned memory, which a GPU copies from without blocking."""
    return Batch({name: v.pin_memory() for name, v in batch.inputs.items()}, batch.mask.pin_memory())
