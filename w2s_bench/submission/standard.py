"""The standard that judges bundles of a suite: the keys of its plan, and the gold of its test sets.

It is made from the installed tasks and methods, or read from a folder: keys change with the code that they
stand for, and a published table must outlive that.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.data.splits import draw_test, load_gold, load_items
from w2s_bench.errors import StoreError, UserError
from w2s_bench.pgr.row_stats import ZERO_SHOT
from w2s_bench.pgr.tie_groups import NAIVE
from w2s_bench.plan.extra_methods import ALL, compared, with_methods
from w2s_bench.plan.job import SplitJob
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.records import CellRecord, canonical_json, dump_lines, load_lines
from w2s_bench.registry.items import items, suites
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.store.local import Store, atomic_file, write_text
from w2s_bench.suite import Grid, Suite, load_suite, parse_suite
from w2s_bench.task import load_task

Place = tuple[str, str, str]  # task, teacher, student


@dataclass(frozen=True, slots=True)
class Test:
    """A test set: ids of its items, and the gold option and number of options of each ``[N]``."""

    items: tuple[str, ...]
    gold: NDArray[np.int64]
    options: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Standard:
    """A suite, its cells by place, method and seed, its methods (name and code hash by label), and its test
    sets by task."""

    suite: Suite
    toml: str
    cells: Mapping[tuple[Place, str, int], CellRecord]
    methods: Mapping[str, tuple[str, str]]
    tests: Mapping[str, Test] = field(default_factory=dict)

    def expected(self, label: str) -> list[tuple[Place, str, int]]:
        """Cells that a bundle of a method must hold, in order: its own and those its rows compare with."""
        known = [(place, seed) for place, method, seed in self.cells if method == label]
        own = known or [(p, s) for p in places(compared(self.suite)) for s in self.suite.seeds]
        rows = rivals(self.suite)
        compared_with = {(place, rival, seed) for place, seed in own for rival in rows.get(place, ())}
        return sorted({(place, label, seed) for place, seed in own} | (compared_with & self.cells.keys()))

    def ends(self, place: Place, seed: int) -> CellRecord:
        """A cell at that place with the plain teacher and the plain ceiling."""
        cells = [c for (p, _, s), c in self.cells.items() if p == place and s == seed]
        naive = [c for c in cells if c.method == NAIVE]
        (plain, _), *_ = Counter((c.teacher_key, c.ceiling_key) for c in cells).most_common(1)
        return next(c for c in [*naive, *cells] if naive or (c.teacher_key, c.ceiling_key) == plain)


def places(grids: Iterable[Grid]) -> list[Place]:
    """Every task of some grids with every pair of models."""
    return [(task, *pair) for grid in grids for task in grid.tasks for pair in grid.pairs]


def rivals(suite: Suite) -> dict[Place, tuple[str, ...]]:
    """At each place, the rows of the suite itself that a method's row is compared with."""
    names = {use.label or use.name for use in suite.methods}
    by_place = {}
    for grid in suite.grid:
        has_naive = NAIVE in names and (grid.methods is None or NAIVE in grid.methods)
        has_zero = ZERO_SHOT in suite.references_of(grid)
        rows = tuple(n for n, has_row in ((NAIVE, has_naive), (ZERO_SHOT, has_zero)) if has_row)
        by_place.update(dict.fromkeys(places([grid]), rows))
    return by_place


def shipped_suite(suite_hash: str) -> tuple[Suite, str] | None:
    """The shipped suite with that hash, and its text; None if there is none."""
    return next((pair for pair in map(load_suite, suites()) if pair[0].hash == suite_hash), None)


def standard_of(
    suite: Suite, toml: str, labels: Iterable[str], mirror: Path | None, store: Path | None = None
) -> Standard:
    """Plan a suite with the registered methods among ``labels`` (or ``all``), and draw its test sets or take
    those in ``store``. Errors: UserError for missing data.
    """
    planned = {use.label or use.name for use in suite.methods}
    known = {name for name, item in items("method").items() if item.error is None} | {ALL}
    extra = [name for name in dict.fromkeys((NAIVE, *labels)) if name in known - planned]
    wider = with_methods(suite, extra)
    plan = make_plan(wider, mirror)
    cells = {((c.task, c.teacher, c.student), c.method, c.seed): c for c in plan.cells}
    methods: dict[str, tuple[str, str]] = {}
    named = {use.label or use.name: use.name for use in wider.methods}
    for label in sorted({label for _, label, _ in cells}):
        name = named.get(label, label)
        name = name if name in items("method") else label.partition(" (")[0]  # options follow the name
        if name in items("method"):
            methods[label] = name, source_hash("method", name)
    return Standard(suite, toml, cells, methods, _tests(suite, plan, mirror, store))


def _tests(suite: Suite, plan: Plan, mirror: Path | None, store: Path | None) -> dict[str, Test]:
    """The test set of each task, which must be the same at every seed and in every grid."""
    splits = [job for job in plan.jobs.values() if isinstance(job, SplitJob)]
    tests: dict[str, Test] = {}
    for job in splits:
        if job.task not in tests:
            tests[job.task] = _test(job, mirror, Store(store) if store else None)
    sizes = {(job.task, job.data.test) for job in splits}
    if twice := [task for task, n in Counter(t for t, _ in sizes).items() if n > 1]:
        raise UserError("two grids test on different items", where=f"suite {suite.name}, task {twice[0]}")
    return tests


def _test(job: SplitJob, mirror: Path | None, store: Store | None) -> Test:
    if store and store.has("gold", job.key) and store.has("items", job.key):
        drawn, gold = load_items(store, job.key, "test"), load_gold(store, job.key, "test")
    else:
        part = draw_test(load_task(job.task), job.data.test, mirror)
        drawn, gold = part.items, part.gold
    return Test(tuple(i.id for i in drawn), gold, np.array([len(i.options) for i in drawn]))


HEAD, CELLS, TESTS = "standard.json", "cells.jsonl", "tests.parquet"
SCHEMA = 1


def write_standard(folder: Path, standard: Standard) -> None:
    """Write a standard to a folder; equal standards give equal bytes.

    The files ``standard.json`` (suite text, methods), ``cells.jsonl`` and ``tests.parquet`` (task, item,
    gold, options) hold no text of a data set, and need neither the hub nor the code of their day.
    """
    import pyarrow
    import pyarrow.parquet

    tests = standard.tests
    columns = {
        "task": [task for task, test in tests.items() for _ in test.items],
        "item": [item for test in tests.values() for item in test.items],
        "gold": np.concatenate([test.gold for test in tests.values()]).astype(np.int16),
        "options": np.concatenate([test.options for test in tests.values()]).astype(np.int16),
    }
    head = {
        "schema_version": SCHEMA,
        "suite_toml": standard.toml,
        "methods": {label: list(pair) for label, pair in standard.methods.items()},
    }
    write_text(folder / CELLS, dump_lines(standard.cells.values()))
    with atomic_file(folder / TESTS) as draft:
        pyarrow.parquet.write_table(pyarrow.table(columns), draft, compression="zstd")
    write_text(folder / HEAD, canonical_json(head) + "\n")


def read_standard(folder: Path) -> Standard:
    """Read a standard. Errors: StoreError for a folder that holds none, or a damaged one."""
    try:
        head = json.loads((folder / HEAD).read_text("utf8"))
        if head["schema_version"] != SCHEMA:
            raise ValueError(f"field 'schema_version': {head['schema_version']!r:.40}")
        methods = {str(label): (str(name), str(code)) for label, (name, code) in head["methods"].items()}
        toml, tests = str(head["suite_toml"]), _read_tests(folder / TESTS)
    except UserError:
        raise
    except Exception as error:  # Arrow raises what its parts raise on broken bytes
        raise StoreError(
            f"cannot be read ({type(error).__name__}: {error})",
            where=str(folder),
            expected=f"a folder with {HEAD}, {CELLS} and {TESTS} of schema {SCHEMA}",
            mend="write it again: w2s-bench board gold SUITE --out DIR",
        ) from None
    cells: list[CellRecord] = load_lines(CellRecord, folder / CELLS)
    keyed = {((c.task, c.teacher, c.student), c.method, c.seed): c for c in cells}
    return Standard(parse_suite(toml, f"{folder}/{HEAD}"), toml, keyed, methods, tests)


def _read_tests(path: Path) -> dict[str, Test]:
    import pyarrow.parquet

    frame: Any = pyarrow.parquet.read_table(path).to_pandas()
    return {
        str(task): Test(
            tuple(part["item"]),
            part["gold"].to_numpy().astype(np.int64),
            part["options"].to_numpy().astype(np.int64),
        )
        for task, part in frame.groupby("task", sort=False)
    }
