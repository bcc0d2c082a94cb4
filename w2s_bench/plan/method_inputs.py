"""What a method is given beyond weak labels, as jobs that must run before it and entries of its key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from w2s_bench.method import (
    GOLD_BUDGET,
    LADDER,
    PRIOR,
    STATES,
    TAGS,
    TEACHERS,
    TEXTS,
    VALIDATION,
    Method,
)
from w2s_bench.suite import Data, Grid, Several
from w2s_bench.train.fit_request import HELD_OUT, REQUEST_VERSION

FROM_HARNESS = (TEACHERS, STATES, PRIOR, VALIDATION, TAGS, TEXTS, GOLD_BUDGET)


class NotOffered(Exception):
    """A method asks for an input that a suite does not offer it; says why."""


def several(method: Method, grid: Grid) -> Several:
    """Which several teachers: the grid's, of the kind that the method needs."""
    kind = method.teachers_kind
    return grid.teachers_each if kind is None else grid.teachers_each.model_copy(update={"kind": kind})


def variants(chosen: Several) -> list[dict[str, Any]]:
    """What tells several teachers of one model apart; the first of other seeds is the plain teacher."""
    if chosen.kind == "seeds":
        return [{}, *({"kind": "seeds", "index": i} for i in range(1, chosen.count))]
    special = {"kind": "specialists", "count": chosen.count, "by": chosen.by}
    return [special | {"index": i} for i in range(chosen.count)]


def given_of(
    method: Method, grid: Grid, teachers: Callable[[Several], list[str]], look: Callable[[Any], str]
) -> dict[str, Any]:
    """Entries of the key of a fit, empty where weak labels are all that it gets; ``teachers`` and ``look``
    plan the jobs and give their keys. Errors: NotOffered."""
    asked = [name for name in FROM_HARNESS if name in method.inputs]
    if not asked:
        return {}
    given: dict[str, Any] = {"version": REQUEST_VERSION}
    if VALIDATION in asked:  # refusals first: a method that is refused plans no job
        given["validation"] = _validation(grid.data)
    if GOLD_BUDGET in asked:
        given["budget"] = _budget(method, grid.data)
    for name in (PRIOR, STATES):
        if name in asked:
            given[name] = look(name)
    if TEACHERS in asked:
        given["teachers"] = _teachers(method, grid, teachers)
    return given


def _teachers(method: Method, grid: Grid, plan: Callable[[Several], list[str]]) -> list[str]:
    if LADDER in method.inputs and grid.data.hops:
        raise NotOffered("several teachers label no fresh data for hops: set hops = 0")
    keys = plan(several(method, grid))
    if len(keys) < 2:
        raise NotOffered("several sizes of teachers need two models below the student in the grid")
    return keys


def _validation(data: Data) -> str:
    if data.validation:
        return "own"
    if data.transfer < 2 * HELD_OUT:
        raise NotOffered("the suite draws no validation part, and the transfer half is too small to share")
    return "held-out"


def _budget(method: Method, data: Data) -> int:
    wanted = method.budget()
    if not 1 <= wanted <= data.teacher:
        raise NotOffered(f"{wanted} gold labels, where the teacher half has {data.teacher}")
    return wanted
