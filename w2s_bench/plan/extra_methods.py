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
from w2s_bench.task import load_task

ALL = "all"


def with_methods(suite: Suite, names: Sequence[str]) -> Suite:
    """The suite with more methods; ``all`` stands for every registered method and reference row.

    They are added to the grids of :func:`compared`; ``all`` leaves out methods that are not defined in a
    grid's domains. Errors: UserError for a method that does not load.
    """
    wanted = dict.fromkeys(n for name in names for n in (_registered() if name == ALL else (name,)))
    methods = {name: load_method(name) for name in wanted}
    rows: list[Reference] = [r for r in get_args(Reference) if r in wanted and r not in suite.references]
    present = {use.name for use in suite.methods}
    uses = [_use(n) for n in wanted if n not in present and n not in get_args(Reference)]
    open_grids = compared(suite)

    def extended(grid: Grid) -> Grid:
        """The grid with its added methods and rows; None, for all of the suite's, stays None where it can."""
        if grid not in open_grids:
            return grid
        domains = {load_task(task).card.domain for task in grid.tasks}
        defined = [use for use in uses if use.name in names or domains & methods[use.name].domains]
        listed = _labels(suite.methods) if grid.methods is None else grid.methods
        every = grid.methods is None and len(defined) == len(uses)
        references = None if grid.references is None else [*grid.references, *rows]
        update = {"methods": None if every else [*listed, *_labels(defined)], "references": references}
        return grid.model_copy(update=update)

    update = {
        "methods": [*suite.methods, *uses],
        "references": [*suite.references, *rows],
        "grid": list(map(extended, suite.grid)),
    }
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


def _labels(uses: Iterable[MethodUse]) -> list[str]:
    return [use.label or use.name for use in uses]
