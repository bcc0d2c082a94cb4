"""Records → one tidy table, proven dense before anything is ranked or averaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from w2s_bench.errors import StoreError
from w2s_bench.pgr.cells import Cell, Rule, join
from w2s_bench.pgr.table import companion_rows, rows, with_failed
from w2s_bench.records import CellRecord, TableRow
from w2s_bench.results.run_folder import Predictions, Run, load_run
from w2s_bench.suite import parse_suite


def load_table(folder: Path) -> tuple[Run, list[TableRow]]:
    """A run and the rows of its table."""
    run = load_run(folder)
    prove_dense(run)
    suite = parse_suite(run.info.suite_toml, f"{folder}/run.json")
    admission = suite.admission
    rule = Rule(min_gap=admission.min_gap, min_teacher=admission.min_teacher)
    made = rows(cells_of(run), rule, run.info.suite, suite.development)
    return run, with_failed(made, run.failed, run.info.suite)


def load_companions(run: Run) -> list[TableRow]:
    """Rows of every cell on every companion of its task, in the order of the suite; none of them is pooled.

    The rule of admission is the suite's, applied to what teacher and ceiling score on the companion.
    """
    admission = parse_suite(run.info.suite_toml, "run.json").admission
    rule = Rule(min_gap=admission.min_gap, min_teacher=admission.min_teacher)
    found: list[TableRow] = []
    for name, predictions in run.companions.items():
        cells = [c for c in run.cells if c.student_key in predictions]
        _prove_paired(cells, predictions, name)
        chance = {r.task: r.companions[name].chance for r in run.records if name in r.companions}
        correct = {key: p.correct for key, p in predictions.items()}
        picked = {key: p.picked for key, p in predictions.items()}
        found += companion_rows(join(cells, correct, chance, picked), rule, run.info.suite, name)
    order = list(dict.fromkeys(cell.task for cell in run.cells))
    return sorted(found, key=lambda row: order.index(str(row.task)))


def _prove_paired(cells: list[CellRecord], predictions: dict[str, Predictions], name: str) -> None:
    """All fits of a task answered the same items of a companion, at every seed."""
    items: dict[str, tuple[str, ...]] = {}
    for cell in cells:
        for key in (cell.teacher_key, cell.student_key, cell.ceiling_key):
            if key not in predictions:
                raise _sparse(f"no predictions of fit {key} on companion {name}", cell.task)
            if items.setdefault(cell.task, predictions[key].items) != predictions[key].items:
                raise _sparse(f"fit {key} was scored on other items of companion {name}", cell.task)


def cells_of(run: Run) -> list[Cell]:
    """The run's cells with their per-item scores."""
    correct: dict[str, NDArray[np.uint8]] = {key: p.correct for key, p in run.predictions.items()}
    picked = {key: p.picked for key, p in run.predictions.items()}
    chance = {r.task: r.chance for r in run.records}
    return join(run.cells, correct, chance, picked, {r.key: r.metrics for r in run.records})


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
