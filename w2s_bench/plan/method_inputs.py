"""The inputs of a method beyond weak labels: the jobs that make them, and their entries in the fit's key."""

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

KEYED_INPUTS = (TEACHERS, STATES, PRIOR, VALIDATION, TAGS, TEXTS, GOLD_BUDGET)


class NotOffered(Exception):
    """A method declares an input that the suite does not offer; the message says why."""


def several_teachers(method: Method, grid: Grid) -> Several:
    """The grid's choice of several teachers, of the kind that the method needs."""
    kind = method.teachers_kind
    return grid.teachers_each if kind is None else grid.teachers_each.model_copy(update={"kind": kind})


def teacher_variants(several: Several) -> list[dict[str, Any]]:
    """The part of a key that distinguishes teachers of one model; by seed, the first is the plain teacher."""
    if several.kind == "seeds":
        return [{}, *({"kind": "seeds", "index": i} for i in range(1, several.count))]
    specialist = {"kind": "specialists", "count": several.count, "by": several.by}
    return [specialist | {"index": i} for i in range(several.count)]


def input_keys(
    method: Method,
    grid: Grid,
    plan_teachers: Callable[[Several], list[str]],
    plan_untrained: Callable[[Any], str],
) -> dict[str, Any]:
    """Entries of a fit's key for the inputs that its method declares, empty for weak labels alone.

    ``plan_teachers`` and ``plan_untrained`` plan the jobs that make an input and return their keys. Errors:
    NotOffered.
    """
    if not method.inputs.intersection(KEYED_INPUTS):
        return {}
    given: dict[str, Any] = {"version": REQUEST_VERSION}
    if VALIDATION in method.inputs:  # before any job is planned for a method that may be refused
        given["validation"] = _validation(grid.data)
    if GOLD_BUDGET in method.inputs:
        given["budget"] = _budget(method, grid.data)
    for name in (PRIOR, STATES):
        if name in method.inputs:
            given[name] = plan_untrained(name)
    if TEACHERS in method.inputs:
        given["teachers"] = _teachers(method, grid, plan_teachers)
    return given


def _teachers(method: Method, grid: Grid, plan_teachers: Callable[[Several], list[str]]) -> list[str]:
    if LADDER in method.inputs and grid.data.hops:
        raise NotOffered("several teachers label no fresh data for hops: set hops = 0")
    keys = plan_teachers(several_teachers(method, grid))
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
    budget = method.budget()
    if not 1 <= budget <= data.teacher:
        raise NotOffered(f"{budget} gold labels, where the teacher half has {data.teacher}")
    return budget
