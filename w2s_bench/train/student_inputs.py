"""The inputs of a method, cut from a fit request: what the method declared, on the CPU, and nothing else.

Shapes: N training items without those held out, V validation items, n items of the gold budget, O options of
the widest item, B items of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.errors import FitFailed
from w2s_bench.method import (
    GOLD_BUDGET,
    PRIOR,
    STATES,
    TAGS,
    TEACHERS,
    TEXTS,
    Context,
    Inputs,
    Labelled,
    Method,
    View,
)
from w2s_bench.method import VALIDATION as VALIDATION_INPUT
from w2s_bench.task import Item
from w2s_bench.train.fit_request import BUDGET, TRANSFER, VALIDATION, FitRequest


def mask_of(items: Sequence[Item]) -> Tensor:
    """True where an option exists ``[N, O]``."""
    counts = torch.tensor([len(i.options) for i in items])
    return torch.arange(int(counts.max())) < counts[:, None]


@dataclass(frozen=True, slots=True)
class PartRows:
    """Which rows of a part of the request make up a part as methods know it; None for all."""

    part: str
    rows: NDArray[np.int64] | None = None

    def of_list(self, values: Sequence[Any]) -> list[Any]:
        """Those rows of a list."""
        return list(values) if self.rows is None else [values[i] for i in self.rows]

    def of_array(self, values: NDArray[Any]) -> NDArray[Any]:
        """Those rows of an array."""
        return values if self.rows is None else values[self.rows]


def part_rows(request: FitRequest, part: str) -> PartRows:
    """Where ``transfer``, ``validation`` or ``budget`` of a method lies in the request."""
    if not request.held_out:
        return PartRows(request.train, request.rows) if part == TRANSFER else PartRows(part)
    rows = np.arange(len(request.items[request.train])) if request.rows is None else request.rows
    first_held_out = len(rows) - request.held_out
    if part == TRANSFER:
        return PartRows(request.train, rows[:first_held_out])
    return PartRows(request.train, rows[first_held_out:]) if part == VALIDATION else PartRows(part)


def inputs_of(request: FitRequest, method: Method) -> Inputs:
    """The inputs that a method declared, made from a request."""
    here = part_rows(request, TRANSFER)
    items = here.of_list(request.items[here.part])
    makers: dict[str, Callable[[], Any]] = {
        TEACHERS: lambda: torch.from_numpy(np.stack([here.of_array(t) for t in _given(request.teachers)])),
        STATES: lambda: rows_of(request, request.states, TRANSFER),
        PRIOR: lambda: rows_of(request, request.prior, TRANSFER),
        VALIDATION_INPUT: lambda: _validation(request),
        TAGS: lambda: tags_of(items),
        TEXTS: lambda: [i.options for i in items],
        GOLD_BUDGET: lambda: _budget(request, len(items)),
    }
    return Inputs(
        weak=rows_of(request, request.labels, TRANSFER),
        mask=_mask(request, here),
        domain=request.domain,
        options=request.shape.options,
        seed=request.seed,
        given={name: make() for name, make in makers.items() if name in method.inputs},
    )


def _given(values: Any) -> Any:
    assert values is not None
    return values


def _mask(request: FitRequest, here: PartRows) -> Tensor:
    """As wide as the widest item of the whole part, like labels and predictions."""
    mask = mask_of(request.items[here.part])
    return mask if here.rows is None else mask[torch.from_numpy(here.rows)]


def rows_of(request: FitRequest, arrays: Mapping[str, Any], part: str) -> Tensor:
    """Rows of an array by part, as wide as the widest item of the whole part. Errors: FitFailed."""
    here = part_rows(request, part)
    if here.part not in arrays:
        raise FitFailed(f"there is nothing of part {part!r}", expected=f"a part among {', '.join(arrays)}")
    return torch.from_numpy(here.of_array(arrays[here.part]))


def _validation(request: FitRequest) -> Labelled:
    return Labelled(
        labels=rows_of(request, request.labels, VALIDATION),
        mask=_mask(request, part_rows(request, VALIDATION)),
    )


def _budget(request: FitRequest, first: int) -> Labelled:
    items = request.items[BUDGET]
    return Labelled(
        labels=torch.from_numpy(_given(request.gold)),
        mask=mask_of(items),
        items=torch.arange(first, first + len(items)),
    )


def tags_of(items: Sequence[Item]) -> dict[str, list[str | float]]:
    """Every tag that all items have, and the ``length`` of their content in characters."""
    names = set.intersection(*({*i.tags} for i in items)) if items else set()
    tags = {name: [i.tags[name] for i in items] for name in sorted(names)}
    return tags | {"length": [float(len(i.prompt) + sum(map(len, i.options))) for i in items]}


def view_of(request: FitRequest, method: Method, part: str) -> View:
    """What a predictor of the method sees of a whole part of the request."""
    items = request.items[part]
    given: dict[str, Any] = {}
    if STATES in method.inputs:
        given[STATES] = torch.from_numpy(request.states[part])
    if PRIOR in method.inputs:
        given[PRIOR] = torch.from_numpy(request.prior[part])
    if TEXTS in method.inputs:
        given[TEXTS] = [i.options for i in items]
    return View(mask=mask_of(items), given=given)


def batch_context(context: Context, items: Tensor, given: Mapping[str, Tensor], width: int) -> Context:
    """The context with what belongs to ``items [B]``, ``width`` options wide where it is by option.

    Rows of the gold budget, which teachers never labelled, are zeros.
    """
    sliced: dict[str, Tensor] = {}
    for name, values in given.items():
        by_item = values.transpose(0, 1) if name == TEACHERS else values
        known = items.clamp(max=len(by_item) - 1)
        rows = by_item[known] * (items < len(by_item)).view(-1, *[1] * (by_item.ndim - 1))
        if name != STATES or rows.ndim == 3:
            rows = rows[:, :, :width] if name == TEACHERS else rows[:, :width]
        sliced[name] = rows.transpose(0, 1) if name == TEACHERS else rows
    return replace(context, items=items, given=sliced)
