"""Methods beside those of a suite: a name, a file of one's own, or everything that is registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

from w2s_bench.method import load_method
from w2s_bench.plan.plan import PLAIN
from w2s_bench.registry.items import items
from w2s_bench.registry.load import OWN
from w2s_bench.suite import Grid, MethodUse, Reference, Suite

ALL = "all"


def with_methods(suite: Suite, names: Sequence[str]) -> Suite:
    """The suite with further methods; ``all`` stands for every registered method and reference row.

    They run in the grids that compare methods. A grid that names the plain one alone is there to show what
    size does, and stays as it is, unless all grids are of that kind. Errors: UserError for a method that
    does not load, before anything runs.
    """
    wanted = dict.fromkeys(n for name in names for n in (_registered() if name == ALL else (name,)))
    for name in wanted:
        load_method(name)
    rows: list[Reference] = [r for r in get_args(Reference) if r in wanted and r not in suite.references]
    there = {use.name for use in suite.methods}
    uses = [_use(n) for n in wanted if n not in there and n not in get_args(Reference)]
    labels = [use.label or use.name for use in uses]
    chosen = compared(suite)
    grids = [_with(grid, labels, rows) if grid in chosen else grid for grid in suite.grid]
    update = {"methods": [*suite.methods, *uses], "references": [*suite.references, *rows], "grid": grids}
    return suite.model_copy(update=update)


def compared(suite: Suite) -> list[Grid]:
    """The grids in which further methods run."""
    return [grid for grid in suite.grid if _compares(grid)] or suite.grid


def _registered() -> Iterable[str]:
    """Everything that is not broken: a broken plug-in stands in ``list methods`` with its error."""
    return (item.name for item in items("method").values() if item.error is None)


def _use(name: str) -> MethodUse:
    """A method from a file is called by the file's name and its own in tables."""
    path, colon, attribute = name.rpartition(OWN)
    return MethodUse(name=name, label=f"{Path(path).name}.py:{attribute}" if colon else None)


def _compares(grid: Grid) -> bool:
    return grid.methods is None or grid.methods != [PLAIN]


def _with(grid: Grid, labels: list[str], rows: list[Reference]) -> Grid:
    """A grid with more methods and rows; None goes on meaning all that the suite has."""
    methods = None if grid.methods is None else [*grid.methods, *labels]
    references = None if grid.references is None else [*grid.references, *rows]
    return grid.model_copy(update={"methods": methods, "references": references})
