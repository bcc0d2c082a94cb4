"""What a probe sees of each family: hidden states behind the head, and which parameters are the head.

A family of somebody else's may define ``Model.states`` and ``Model.head_parameters`` itself. Shapes: R rows
of tokens, B items, O options of the widest item, H width of a state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from w2s_bench.errors import BadModel
from w2s_bench.model import Batch, Model
from w2s_bench.models._text import TextModel
from w2s_bench.models.board import BoardNet

HIDDEN_VERSION = 1  # raise it when the states of a family become others
BATCH = 64


def states(model: Model, batch: Batch) -> Tensor:
    """``[B, H]`` where one state answers for an item (classes), or a state an option ``[B, O, H]``, 0 where
    there is none. Errors: BadModel for a family that shows none."""
    if own := getattr(model, "states", None):
        return own(batch)
    if isinstance(model, BoardNet):
        return _of_moves(model, batch)
    if isinstance(model, TextModel):
        rows = model.last_states(batch).float()
        return rows if model.shape.domain == "nlp" else _of_options(rows, batch.mask)
    raise BadModel(
        f"{type(model).__name__} shows no hidden states",
        expected="a family with Model.states, or a built-in one",
    )


def _of_moves(model: BoardNet, batch: Batch) -> Tensor:
    """States of a move's two squares side by side, as the head reads them ``[B, O, 2W]``."""
    squares, moves = model.features(batch.inputs), batch.inputs["moves"]
    ends = torch.stack([moves // 64, moves % 64], -1).flatten(1)
    found = squares.gather(1, ends[..., None].expand(-1, -1, squares.shape[-1]))
    return found.float().view(*moves.shape, -1) * batch.mask[..., None]


def _of_options(rows: Tensor, mask: Tensor) -> Tensor:
    out = rows.new_zeros(*mask.shape, rows.shape[-1])
    out[mask] = rows
    return out


def head_parameters(model: Model) -> list[nn.Parameter]:
    """Parameters behind the states. Errors: BadModel where there is no head of its own."""
    if own := getattr(model, "head_parameters", None):
        return list(own())
    if isinstance(model, BoardNet):
        linear = [*model.origin.parameters(), *model.target.parameters()]
        return [*linear, model.offset, model.promotion]
    if isinstance(head := getattr(model, "head", None), nn.Module):
        return list(head.parameters())
    raise BadModel(f"{type(model).__name__} has no head of its own", expected="a model with a separable head")


@torch.no_grad()
def all_states(model: Model, encoded: Sequence[Any], device: torch.device) -> Tensor:
    """States of all items ``[N, H]`` or ``[N, O, H]`` on the CPU; short items share batches."""
    model.to(device).eval()
    order = sorted(range(len(encoded)), key=lambda i: model.length(encoded[i]))
    found: list[tuple[list[int], Tensor]] = []
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        found.append((chosen, states(model, model.collate([encoded[i] for i in chosen]).to(device)).cpu()))
    widest = max((f for _, f in found), key=lambda f: f.shape[1])
    out = torch.zeros([len(encoded), *widest.shape[1:]])
    for chosen, some in found:
        if some.ndim == 2:
            out[chosen] = some
        else:
            out[chosen, : some.shape[1]] = some
    return out
