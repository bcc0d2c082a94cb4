"""Predictions of a fitted model. Shapes: N items, O options of the widest item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_bench.model import Batch, Model
from w2s_bench.task import Item

BATCH_SIZE = 64


def length_batches(
    model: Model, encoded: Sequence[Any], device: torch.device
) -> Iterator[tuple[list[int], Batch]]:
    """Batches of items of similar length, which need little padding, and the rows of their items."""
    model.to(device).eval()
    order = sorted(range(len(encoded)), key=lambda i: model.length(encoded[i]))
    for start in range(0, len(order), BATCH_SIZE):
        rows = order[start : start + BATCH_SIZE]
        yield rows, model.collate([encoded[i] for i in rows]).to(device)


@torch.no_grad()
def predict(model: Model, encoded: Sequence[Any], device: torch.device) -> NDArray[np.float32]:
    """Probabilities ``[N, O]`` over the options of each item, 0 where there is no option."""
    parts = [
        (rows, torch.softmax(model(batch), dim=-1) * batch.mask)
        for rows, batch in length_batches(model, encoded, device)
    ]
    out = np.zeros((len(encoded), max(p.shape[1] for _, p in parts)), dtype=np.float32)
    for rows, probabilities in parts:
        out[rows, : probabilities.shape[1]] = probabilities.cpu().numpy()
    return out


def greedy_options(model: Model, items: Sequence[Item], device: torch.device) -> NDArray[np.int64] | None:
    """Freely decoded answers ``[N]`` as option indices, −1 for an answer that is no option of its item; None
    where the model does not generate."""
    answers = model.greedy(items, device)
    if answers is None:
        return None
    pairs = zip(items, answers, strict=True)
    return np.array([item.options.index(a) if a in item.options else -1 for item, a in pairs])
