"""Load a run as one tidy table; it is proven complete before anything is ranked or averaged."""

from __future__ import annotations

from pathlib import Path

from w2s_bench.errors import StoreError
from w2s_bench.pgr.cells import Cell, Rule, join
from w2s_bench.pgr.table import companion_rows, rows, with_failed
from w2s_bench.records import CellRecord, TableRow
from w2s_bench.results.run_folder import Predictions, Run, load_run
from w2s_bench.suite import parse_suite


def load_table(folder: Path) -> tuple[Run, list[TableRow]]:
    """Load a run and the rows of its table. Errors: StoreError for a run that is not complete."""
    run = load_run(folder)
    prove_dense(run)
    suite = parse_suite(run.info.suite_toml, f"{folder}/run.json")
    table = rows(cells_of(run), Rule.of(suite), run.info.suite, suite.development)
    return run, with_failed(table, run.failed, run.info.suite)


def load_companions(run: Run) -> list[TableRow]:
    """Rows of every cell on every companion of its task, in the order of the suite; none of them is pooled.

    The rule of admission is the suite's, applied to what teacher and ceiling score on the companion.
    """
    rule = Rule.of(parse_suite(run.info.suite_toml, "run.json"))
    table: list[TableRow] = []
    for name, predictions in run.companions.items():
        cells = [c for c in run.cells if c.student_key in predictions]
        _prove_paired(cells, predictions, name)
        chance = {r.task: r.companions[name].chance for r in run.records if name in r.companions}
        correct = {key: p.correct for key, p in predictions.items()}
        picked = {key: p.picked for key, p in predictions.items()}
        table += companion_rows(join(cells, correct, chance, picked), rule, run.info.suite, name)
    order = list(dict.fromkeys(cell.task for cell in run.cells))
    return sorted(table, key=lambda row: order.index(str(row.task)))


def cells_of(run: Run) -> list[Cell]:
    """The run's cells with their per-item scores."""
    correct = {key: p.correct for key, p in run.predictions.items()}
    picked = {key: p.picked for key, p in run.predictions.items()}
    chance = {r.task: r.chance for r in run.records}
    return join(run.cells, correct, chance, picked, {r.key: r.metrics for r in run.records})


def prove_dense(run: Run) -> None:
    """Prove that every cell has all seeds and fits, and all fits of a task the same items in one order.

    Errors: StoreError for a run where that does not hold.
    """
    _prove_paired(run.cells, run.predictions)
    seeds: dict[str, dict[tuple[str, ...], list[int]]] = {}
    for cell in run.cells:
        name = (cell.teacher, cell.student, cell.method)
        seeds.setdefault(cell.task, {}).setdefault(name, []).append(cell.seed)
    for task, by_cell in seeds.items():
        wanted = sorted({seed for listed in by_cell.values() for seed in listed})
        if any(sorted(listed) != wanted for listed in by_cell.values()):
            raise _sparse("cells have different seeds, or one twice", task)


def _prove_paired(cells: list[CellRecord], predictions: dict[str, Predictions], companion: str = "") -> None:
    """Prove that all fits of a task answered the same items, of its own test set or of a companion."""
    items: dict[str, tuple[str, ...]] = {}
    place = f" on companion {companion}" if companion else ""
    scored = f"items of companion {companion}" if companion else "test items"
    for cell in cells:
        for key in (cell.teacher_key, cell.student_key, cell.ceiling_key):
            if key not in predictions:
                raise _sparse(f"no predictions of fit {key}{place}", cell.task)
            if items.setdefault(cell.task, predictions[key].items) != predictions[key].items:
                raise _sparse(f"fit {key} was scored on other {scored}", cell.task)


def _sparse(what: str, task: str) -> StoreError:
    return StoreError(
        what,
        where=f"task {task}",
        expected="complete records of one suite",
        mend="run the suite again: finished fits are not repeated",
    )


def parameters(run: Run) -> dict[str, int]:
    """Parameters of each model (the largest count where heads differ between tasks)."""
    counts: dict[str, int] = {}
    for record in run.records:
        counts[record.model] = max(counts.get(record.model, 0), record.parameters)
    return counts
