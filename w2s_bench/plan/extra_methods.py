"""Add methods to a suite: by name, from a file, or all that are registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

from w2s_bench.method import load_method
from w2s_bench.plan.method_plan import PLAIN
from w2s_bench.registry.items import items
from w2s_bench.registry.load import OWN
from w2s_bench.suite import Grid, MethodUse, Reference, Suite

ALL = "all"


def with_methods(suite: Suite, names: Sequence[str]) -> Suite:
    """The suite with more methods; ``all`` stands for every registered method and reference row.

    They are added to the grids of :func:`compared`. Errors: UserError for a method that does not load.
    """
    wanted = dict.fromkeys(n for name in names for n in (_registered() if name == ALL else (name,)))
    for name in wanted:
        load_method(name)
    rows: list[Reference] = [r for r in get_args(Reference) if r in wanted and r not in suite.references]
    present = {use.name for use in suite.methods}
    uses = [_use(n) for n in wanted if n not in present and n not in get_args(Reference)]
    labels = [use.label or use.name for use in uses]
    open_grids = compared(suite)
    grids = [_extended(grid, labels, rows) if grid in open_grids else grid for grid in suite.grid]
    update = {"methods": [*suite.methods, *uses], "references": [*suite.references, *rows], "grid": grids}
    return suite.model_copy(update=update)


def compared(suite: Suite) -> list[Grid]:
    """The grids that compare methods, that is, name more than naive; all grids if there are none."""
    return [grid for grid in suite.grid if grid.methods != [PLAIN]] or suite.grid


def _registered() -> Iterable[str]:
    """Names of registered methods, without broken plug-ins."""
    return (item.name for item in items("method").values() if item.error is None)


def _use(name: str) -> MethodUse:
    """A suite's entry for a method; one from a file gets the label FILE.py:NAME, without its folder."""
    path, colon, attribute = name.rpartition(OWN)
    return MethodUse(name=name, label=f"{Path(path).name}.py:{attribute}" if colon else None)


def _extended(grid: Grid, labels: list[str], rows: list[Reference]) -> Grid:
    """A grid with more methods and rows; None, for all of the suite's, stays None."""
    methods = None if grid.methods is None else [*grid.methods, *labels]
    references = None if grid.references is None else [*grid.references, *rows]
    return grid.model_copy(update={"methods": methods, "references": references})
