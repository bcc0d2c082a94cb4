"""Predictions and hidden states of a model. Shapes: N items, O options of the widest item, H state width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.model import Batch, Model
from w2s_bench.task import Item

BATCH_SIZE = 64


def length_batches(
    model: Model, encoded: Sequence[Any], device: torch.device
) -> Iterator[tuple[list[int], Batch]]:
    """Batches of items of similar length, which need little padding, each with the rows of its items."""
    model.to(device).eval()
    order = sorted(range(len(encoded)), key=lambda i: model.length(encoded[i]))
    for start in range(0, len(order), BATCH_SIZE):
        rows = order[start : start + BATCH_SIZE]
        yield rows, model.collate([encoded[i] for i in rows]).to(device)


def predict(model: Model, encoded: Sequence[Any], device: torch.device) -> NDArray[np.float32]:
    """Probabilities ``[N, O]`` over the options of each item, 0 where there is no option."""
    return read(model, encoded, device, lambda b: torch.softmax(model(b), dim=-1) * b.mask).numpy()


def all_states(model: Model, encoded: Sequence[Any], device: torch.device) -> Tensor:
    """Hidden states of all items ``[N, H]`` (nlp) or one for each option ``[N, O, H]``, on the CPU."""
    return read(model, encoded, device, model.states)


@torch.no_grad()
def read(
    model: Model, encoded: Sequence[Any], device: torch.device, compute: Callable[[Batch], Tensor]
) -> Tensor:
    """``compute`` of all items, on the CPU, padded with zeros to the widest batch ``[N, …]``."""
    parts = [(rows, compute(batch).cpu()) for rows, batch in length_batches(model, encoded, device)]
    widest = max((values for _, values in parts), key=lambda values: values.shape[1])
    out = torch.zeros([len(encoded), *widest.shape[1:]])
    for rows, values in parts:
        out[rows, : values.shape[1]] = values
    return out


def greedy_options(model: Model, items: Sequence[Item], device: torch.device) -> NDArray[np.int64] | None:
    """Freely decoded answers ``[N]`` as option indices, −1 for an answer that is none of the item's options.

    None if the model does not generate.
    """
    answers = model.greedy(items, device)
    if answers is None:
        return None
    pairs = zip(items, answers, strict=True)
    return np.array([item.options.index(a) if a in item.options else -1 for item, a in pairs])
