"""Batches larger than memory, cut in micro-batches without changing what a loss of the whole batch is.

A loss may look at all items of a batch at once (a threshold that halves it), so it cannot be summed over
micro-batches. It can be split at the logits: a first pass without gradients collects them, the loss of the
whole batch gives its gradient there, and a second pass hands each micro-batch its rows of that gradient.
Only one micro-batch's graph exists at a time. A device that is out of memory gets smaller ones. Shapes: B
items, O options of the widest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.model import MASKED, Batch

BatchLoss = Callable[[Any, Batch], Tensor]
Backward = Callable[[Any, Any, Sequence[Batch], torch.device, BatchLoss], Tensor]
Indices = NDArray[np.int64]
Collate = Callable[[Indices], Batch]


class Passes:
    """Forward and backward passes of batches, in micro-batches of at most ``size`` items (None: whole).

    Where the device is out of memory, ``size`` is halved and the batch taken again, its gradients and random
    numbers included: smaller pieces of the same sum. ``halve`` is false where other processes share the fit,
    which would not know of it.
    """

    def __init__(
        self,
        accelerate: Any,
        net: Any,
        device: torch.device,
        collate: Collate,
        *,
        size: int | None = None,
        cut: Backward | None = None,
        halve: bool = True,
    ) -> None:
        self._accelerate, self._net, self._device, self._collate = accelerate, net, device, collate
        self.size, self._cut, self._halve = size, cut or by_logits, halve

    def parts(self, items: Indices) -> list[Batch]:
        """A batch in micro-batches, still in the host's memory."""
        size = self.size or len(items)
        return [self._collate(items[k : k + size]) for k in range(0, len(items), size)]

    def run(self, items: Indices, parts: list[Batch], loss: BatchLoss) -> Tensor:
        """Gradients of ``loss`` over a batch, of which ``parts`` were made; returns the loss."""
        while True:
            before = random_state(self._device)
            try:
                return self._pass(parts, loss)
            except torch.OutOfMemoryError:
                largest = max(len(part.mask) for part in parts)
                if not self._halve or largest == 1:
                    raise
            self.size = largest // 2  # beyond the handler, which holds on to what did not fit
            self._net.zero_grad()
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            set_random_state(self._device, before)
            parts = self.parts(items)

    def _pass(self, parts: list[Batch], loss: BatchLoss) -> Tensor:
        if len(parts) > 1:
            return self._cut(self._accelerate, self._net, parts, self._device, loss)
        with self._accelerate.autocast():
            value = loss(self._net, parts[0].to(self._device))
        self._accelerate.backward(value)
        return value


def by_logits(
    accelerate: Any, net: Any, parts: Sequence[Batch], device: torch.device, loss: BatchLoss
) -> Tensor:
    """Gradients of ``loss`` over all ``parts`` at once, by two forward passes each; returns the loss."""
    states, rows = [], []
    with torch.no_grad(), accelerate.autocast():
        for part in parts:
            states.append(random_state(device))  # dropout must drop the same in both passes
            rows.append(net(part.to(device)))
    width = max(r.shape[1] for r in rows)
    logits = torch.cat([_wide(r, width, MASKED) for r in rows]).requires_grad_()
    mask = torch.cat([_wide(part.mask, width, False) for part in parts]).to(device)
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
    """For a loss that is a mean over the batch and asks the model itself: the mean over micro-batches, each
    weighing as much as it has items."""
    total, items = torch.zeros((), device=device), sum(len(part.mask) for part in parts)
    for part in parts:
        with accelerate.autocast():
            value = loss(net, part.to(device)) * (len(part.mask) / items)
        accelerate.backward(value)
        total = total + value.detach()
    return total


def random_state(device: torch.device) -> list[Tensor]:
    """Of PyTorch's generators: the host's, and that of the GPU where the device is one."""
    here = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *here]


def set_random_state(device: torch.device, state: list[Tensor]) -> None:
    """Put the generators back to a state."""
    torch.set_rng_state(state[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state[1], device)


def _wide(rows: Tensor, width: int, fill: float | bool) -> Tensor:
    return torch.nn.functional.pad(rows, (0, width - rows.shape[1]), value=fill)
