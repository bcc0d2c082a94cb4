"""Batches larger than memory, cut in micro-batches without changing what a loss of the whole batch is.

A loss may look at all items of a batch at once (a threshold that halves it), so it cannot be summed over
micro-batches. It can be split at the logits: a first pass without gradients collects them, the loss of the
whole batch gives its gradient there, and a second pass hands each micro-batch its rows of that gradient.
Only one micro-batch's graph exists at a time. Shapes: B items, O options of the widest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from w2s_bench.model import MASKED, Batch

BatchLoss = Callable[[Any, Batch], Tensor]
Backward = Callable[[Any, Any, Sequence[Batch], torch.device, BatchLoss], Tensor]


def by_logits(
    accelerate: Any, net: Any, parts: Sequence[Batch], device: torch.device, loss: BatchLoss
) -> Tensor:
    """Gradients of ``loss`` over all ``parts`` at once, by two forward passes each; returns the loss."""
    states, rows = [], []
    with torch.no_grad(), accelerate.autocast():
        for part in parts:
            states.append(_rng(device))  # dropout must drop the same in both passes
            rows.append(net(part.to(device)))
    width = max(r.shape[1] for r in rows)
    logits = torch.cat([_wide(r, width, MASKED) for r in rows]).requires_grad_()
    mask = torch.cat([_wide(part.mask, width, False) for part in parts]).to(device)
    value = loss(lambda batch: logits, Batch({}, mask))
    (gradient,) = torch.autograd.grad(value, logits)
    for part, state, own in zip(parts, states, gradient.split([len(r) for r in rows]), strict=True):
        _set_rng(device, state)
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


def _rng(device: torch.device) -> list[Tensor]:
    here = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *here]


def _set_rng(device: torch.device, state: list[Tensor]) -> None:
    torch.set_rng_state(state[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state[1], device)


def _wide(rows: Tensor, width: int, fill: float | bool) -> Tensor:
    return torch.nn.functional.pad(rows, (0, width - rows.shape[1]), value=fill)
