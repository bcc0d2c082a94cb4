"""The inputs of a method, cut from a lesson: what it declared, on the CPU, and nothing else.

Shapes: N training items without those held out, V validation items, n items of the gold budget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
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
from w2s_bench.method import VALIDATION as ASKS_VALIDATION
from w2s_bench.task import Item
from w2s_bench.train.fit_request import BUDGET, TRANSFER, VALIDATION, FitRequest


def mask_of(items: Sequence[Item]) -> Tensor:
    """True where an option exists ``[N, O]``."""
    counts = torch.tensor([len(i.options) for i in items])
    return torch.arange(int(counts.max())) < counts[:, None]


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows of one part of the lesson that make up a part as methods know it."""

    part: str
    rows: slice

    def of(self, values: Any) -> Any:
        """Those rows of an array or a list."""
        return values[self.rows]


def cut(request: FitRequest, part: str) -> Cut:
    """Where ``transfer``, ``validation`` or ``budget`` of a method lies in the lesson."""
    n = len(request.items[request.train]) - request.held_out
    if part == TRANSFER:
        return Cut(request.train, slice(0, n))
    if part == VALIDATION and request.held_out:
        return Cut(request.train, slice(n, None))
    return Cut(part, slice(None))


def inputs_of(request: FitRequest, method: Method, options: int | None) -> Inputs:
    """The method's inputs."""
    here = cut(request, TRANSFER)
    items = here.of(request.items[here.part])
    makers: dict[str, Callable[[], Any]] = {
        TEACHERS: lambda: torch.from_numpy(_there(request.teachers)[:, here.rows]),
        STATES: lambda: rows_of(request, request.states, TRANSFER),
        PRIOR: lambda: rows_of(request, request.prior, TRANSFER),
        ASKS_VALIDATION: lambda: _validation(request),
        TAGS: lambda: tags_of(items),
        TEXTS: lambda: [i.options for i in items],
        GOLD_BUDGET: lambda: _budget(request, len(items)),
    }
    return Inputs(
        weak=rows_of(request, request.weak, TRANSFER),
        mask=mask_of(request.items[here.part])[here.rows],
        domain=request.domain,
        options=options,
        seed=request.seed,
        given={name: make() for name, make in makers.items() if name in method.inputs},
    )


def _there(values: Any) -> Any:
    assert values is not None
    return values


def rows_of(request: FitRequest, arrays: Mapping[str, Any], part: str) -> Tensor:
    """Rows of an array by part, as wide as the widest item of the whole part."""
    here = cut(request, part)
    if here.part not in arrays:
        raise FitFailed(f"there is nothing of part {part!r}", expected=f"a part among {', '.join(arrays)}")
    return torch.from_numpy(here.of(arrays[here.part]))


def _validation(request: FitRequest) -> Labelled:
    here = cut(request, VALIDATION)
    return Labelled(
        labels=rows_of(request, request.weak, VALIDATION), mask=mask_of(request.items[here.part])[here.rows]
    )


def _budget(request: FitRequest, first: int) -> Labelled:
    items = request.items[BUDGET]
    return Labelled(
        labels=torch.from_numpy(_there(request.gold)),
        mask=mask_of(items),
        items=torch.arange(first, first + len(items)),
    )


def tags_of(items: Sequence[Item]) -> dict[str, list[str | float]]:
    """Every tag that all items have, and the ``length`` of their content in characters."""
    names = set.intersection(*({*i.tags} for i in items)) if items else set()
    own = {name: [i.tags[name] for i in items] for name in sorted(names)}
    return own | {"length": [float(len(i.prompt) + sum(map(len, i.options))) for i in items]}


def view_of(request: FitRequest, method: Method, part: str) -> View:
    """What a predictor of the method sees of a whole part of the lesson."""
    items = request.items[part]
    given: dict[str, Any] = {}
    if STATES in method.inputs:
        given[STATES] = torch.from_numpy(request.states[part])
    if PRIOR in method.inputs:
        given[PRIOR] = torch.from_numpy(request.prior[part])
    if TEXTS in method.inputs:
        given[TEXTS] = [i.options for i in items]
    return View(mask=mask_of(items), given=given)


def sliced(context: Context, chosen: Tensor, given: Mapping[str, Tensor], width: int) -> Context:
    """A context with what belongs to the items ``chosen [B]``, ``width`` options wide where it is by option.

    Rows of the gold budget, which teachers never labelled and nobody looked at before, are zeros.
    """
    found: dict[str, Tensor] = {}
    for name, values in given.items():
        by_item = values.transpose(0, 1) if name == TEACHERS else values
        known = chosen.clamp(max=len(by_item) - 1)
        rows = by_item[known] * (chosen < len(by_item)).view(-1, *[1] * (by_item.ndim - 1))
        if name != STATES or rows.ndim == 3:
            rows = rows[:, :, :width] if name == TEACHERS else rows[:, :width]
        found[name] = rows.transpose(0, 1) if name == TEACHERS else rows
    return replace(context, items=chosen, given=found)
