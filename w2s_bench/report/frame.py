"""Records → one tidy table, proven dense before anything is ranked or averaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from w2s_bench.cells import Cell, Rule, join
from w2s_bench.errors import StoreError
from w2s_bench.pgr import rows, with_failed
from w2s_bench.records import Row
from w2s_bench.rundir import Run, load_run
from w2s_bench.suite import parse_suite


def load_table(folder: Path) -> tuple[Run, list[Row]]:
    """A run and the rows of its table."""
    run = load_run(folder)
    prove_dense(run)
    suite = parse_suite(run.info.suite_toml, f"{folder}/run.json")
    admission = suite.admission
    rule = Rule(min_gap=admission.min_gap, min_teacher=admission.min_teacher)
    made = rows(cells_of(run), rule, run.info.suite, suite.development)
    return run, with_failed(made, run.failed, run.info.suite)


def cells_of(run: Run) -> list[Cell]:
    """The run's cells with their per-item scores."""
    correct: dict[str, NDArray[np.uint8]] = {key: p.correct for key, p in run.predictions.items()}
    picked = {key: p.picked for key, p in run.predictions.items()}
    return join(run.cells, correct, {r.task: r.chance for r in run.records}, picked)


def prove_dense(run: Run) -> None:
    """Every cell has all its seeds and fits, and all fits of a task scored the same items in one order."""
    seeds: dict[str, dict[tuple[str, ...], list[int]]] = {}
    items: dict[str, tuple[str, ...]] = {}
    for cell in run.cells:
        name = (cell.teacher, cell.student, cell.method)
        seeds.setdefault(cell.task, {}).setdefault(name, []).append(cell.seed)
        for key in (cell.teacher_key, cell.student_key, cell.ceiling_key):
            predictions = run.predictions.get(key)
            if predictions is None:
                raise _sparse(f"no predictions of fit {key}", cell.task)
            if items.setdefault(cell.task, predictions.items) != predictions.items:
                raise _sparse(f"fit {key} was scored on other test items", cell.task)
    for task, found in seeds.items():
        wanted = sorted({seed for listed in found.values() for seed in listed})
        if any(sorted(listed) != wanted for listed in found.values()):
            raise _sparse("cells have different seeds, or one twice", task)


def _sparse(what: str, task: str) -> StoreError:
    return StoreError(
        what,
        where=f"task {task}",
        expected="complete records of one suite",
        mend="run the suite again: finished fits are not repeated",
    )


def parameters(run: Run) -> dict[str, int]:
    """Parameters of each model (the largest count where heads differ between tasks)."""
    found: dict[str, int] = {}
    for record in run.records:
        found[record.model] = max(found.get(record.model, 0), record.parameters)
    return found
