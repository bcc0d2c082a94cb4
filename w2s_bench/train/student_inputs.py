"""The inputs that a method declared, taken from a fit request, on the CPU.

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
from w2s_bench.model import option_mask
from w2s_bench.student import BUDGET_TEACHERS
from w2s_bench.task import Item
from w2s_bench.train.fit_request import BUDGET, TRANSFER, VALIDATION, FitRequest


def mask_of(items: Sequence[Item]) -> Tensor:
    """Mask ``[N, O]``, true where an option exists."""
    return option_mask([len(i.options) for i in items])


@dataclass(frozen=True, slots=True)
class PartRows:
    """Rows of a part of the request that are a part in the API of methods; None for all."""

    part: str
    rows: NDArray[np.int64] | None = None

    def of_list(self, values: Sequence[Any]) -> list[Any]:
        """The selected rows of a list."""
        return list(values) if self.rows is None else [values[i] for i in self.rows]

    def of_array(self, values: NDArray[Any]) -> NDArray[Any]:
        """The selected rows of an array."""
        return values if self.rows is None else values[self.rows]


def part_rows(request: FitRequest, part: str) -> PartRows:
    """Where in the request the part ``transfer``, ``validation`` or ``budget`` of a method is."""
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
        TEACHERS: lambda: torch.from_numpy(np.stack([here.of_array(t) for t in _required(request.teachers)])),
        STATES: lambda: rows_of(request, request.states, TRANSFER),
        PRIOR: lambda: rows_of(request, request.prior, TRANSFER),
        VALIDATION: lambda: _validation(request),
        TAGS: lambda: tags_of(items),
        TEXTS: lambda: [i.options for i in items],
        GOLD_BUDGET: lambda: _budget(request, len(items)),
    }
    given = {name: make() for name, make in makers.items() if name in method.inputs}
    if {TEACHERS, GOLD_BUDGET} <= method.inputs:
        given[BUDGET_TEACHERS] = torch.from_numpy(_required(request.budget_teachers))
    return Inputs(
        weak=rows_of(request, request.labels, TRANSFER),
        mask=_mask(request, here),
        domain=request.domain,
        options=request.shape.options,
        seed=request.seed,
        given=given,
    )


def _required(values: Any) -> Any:
    assert values is not None
    return values


def _mask(request: FitRequest, here: PartRows) -> Tensor:
    """Mask of the selected rows, as wide as the widest item of the whole part, like labels are."""
    mask = mask_of(request.items[here.part])
    return mask if here.rows is None else mask[torch.from_numpy(here.rows)]


def rows_of(request: FitRequest, arrays: Mapping[str, Any], part: str) -> Tensor:
    """The rows of a part that methods see, as wide as the whole part's widest item. Errors: FitFailed."""
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
        labels=torch.from_numpy(_required(request.gold)),
        mask=mask_of(items),
        items=torch.arange(first, first + len(items)),
    )


def tags_of(items: Sequence[Item]) -> dict[str, list[str | float]]:
    """Tags that all items have, and the ``length`` of their content in characters."""
    names = set.intersection(*({*i.tags} for i in items)) if items else set()
    tags = {name: [i.tags[name] for i in items] for name in sorted(names)}
    return tags | {"length": [float(len(i.prompt) + sum(map(len, i.options))) for i in items]}


def view_of(request: FitRequest, method: Method, part: str) -> View:
    """The view of a whole part of the request that a predictor of the method gets."""
    items = request.items[part]
    arrays = {STATES: request.states, PRIOR: request.prior}
    given: dict[str, Any] = {n: torch.from_numpy(a[part]) for n, a in arrays.items() if n in method.inputs}
    if TEXTS in method.inputs:
        given[TEXTS] = [i.options for i in items]
    return View(mask=mask_of(items), given=given)


def batch_context(context: Context, items: Tensor, given: Mapping[str, Tensor], width: int) -> Context:
    """The context with the inputs of ``items [B]``, cut to ``width`` options; zeros for the gold budget."""
    sliced: dict[str, Tensor] = {}
    for name, values in given.items():
        by_item = values.transpose(0, 1) if name == TEACHERS else values
        known = items.clamp(max=len(by_item) - 1)
        rows = by_item[known] * (items < len(by_item)).view(-1, *[1] * (by_item.ndim - 1))
        if name != STATES or rows.ndim == 3:
            rows = rows[:, :, :width] if name == TEACHERS else rows[:, :width]
        sliced[name] = rows.transpose(0, 1) if name == TEACHERS else rows
    return replace(context, items=items, given=sliced)
