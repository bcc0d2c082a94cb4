"""Train random cells of a bundle again, and compare them with its claims.

This program runs the suite, reduced to one cell, in a process without network, and tests it on fresh items
too where there are some (:mod:`w2s_bench.leaderboard.fresh_items`).
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from w2s_bench.errors import UserError
from w2s_bench.leaderboard import sandbox
from w2s_bench.leaderboard.entry_file import Rerun, RerunCell
from w2s_bench.leaderboard.fresh_items import drifts, reviewed
from w2s_bench.pgr.cells import Cell
from w2s_bench.records import ScoreRecord
from w2s_bench.results.run_folder import Run, load_run
from w2s_bench.store.local import write_text
from w2s_bench.store.temp_files import SCRATCH, mine
from w2s_bench.submission.manifest import Manifest
from w2s_bench.submission.verify import Verified
from w2s_bench.suite import MethodUse, Suite, parse_suite

SPREADS = 3.0  # standard deviations: see docs/how-to/leaderboard.md
FEWEST = 200  # fresh items that an accuracy needs at least
Fits = tuple[ScoreRecord, ScoreRecord, ScoreRecord]  # teacher, student, ceiling


@dataclass(frozen=True, slots=True)
class Draw:
    """A cell at one seed that the review drew; ``cell`` has all recorded seeds."""

    cell: Cell
    seed: int

    @property
    def title(self) -> str:
        """The cell and the seed as people read them."""
        return f"{self.cell.task}, {self.cell.teacher} → {self.cell.student}, seed {self.seed}"

    @property
    def recorded(self) -> float:
        """The student's accuracy at that seed, as scored from the bundle."""
        return float(self.cell.student_correct[self.cell.seeds.index(self.seed)].mean())


def draw(cells: Sequence[Cell], count: int, review_seed: int) -> list[Draw]:
    """Draw ``count`` pairs of cell and seed without repetition; all of them where there are fewer."""
    pairs = [Draw(cell, seed) for cell in cells for seed in cell.seeds]
    return Random(review_seed).sample(pairs, min(count, len(pairs)))


def rerun(
    done: Verified,
    bundle: str,
    review_seed: int,
    *,
    method: str | None = None,
    count: int = 2,
    hub: Path | None = None,
    newer: Path | None = None,
    closed: bool = True,
) -> Rerun:
    """Train ``count`` cells of a verified bundle again. ``method``: the file of a method that is not
    registered, which the reviewer has read; ``newer``: a mirror of the hub newer than ``hub``; ``closed``: in
    the sandbox.

    Errors: UserError for a reference row, a missing method, a run that fails, or a newer mirror that adds
    nothing.
    """
    head = done.manifest
    name = _method(head, method)
    deviation = _deviation(done.scored)
    cells: list[RerunCell] = []
    for drawn in draw(done.scored, count, review_seed):
        with tempfile.TemporaryDirectory(prefix=mine(SCRATCH)) as scratch:
            folder = Path(scratch).resolve()
            if closed:
                sandbox.check(folder)
            task = reviewed(drawn.cell.task, review_seed, hub, newer, folder)
            text = _suite_text(_cut(done.standard.suite, drawn, name, head, task))
            cells += _compare(drawn, _run(text, folder, hub, closed), deviation)
    return Rerun(
        entry=bundle,
        verdict="reproduced" if cells and all(c.within for c in cells) else "not reproduced",
        cells=cells,
        review_seed=review_seed,
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        version=version("w2s-bench"),
    )


def _method(head: Manifest, given: str | None) -> str:
    if head.method.reference:
        raise UserError(
            "a reference row has no rerun: it follows from teachers, ceilings and untrained students",
            where=f"method {head.method.label}",
            expected="the bundle of a method",
        )
    if head.method.own and given is None:
        raise UserError(
            "its code is its author's own, and is run only where a reviewer names it",
            where=f"method {head.method.label}",
            expected="--method FILE.py:Name",
            mend="read method.py.txt of the bundle, save it as a file, and name that",
        )
    if given is None:
        return head.method.name
    file, colon, attribute = given.rpartition(":")
    return f"{Path(file).resolve()}{colon}{attribute}"


def _cut(suite: Suite, drawn: Draw, name: str, head: Manifest, task: str) -> Suite:
    """The suite reduced to the drawn cell; ``task`` may be the cell's task with fresh items."""
    cell, pair = drawn.cell, (drawn.cell.teacher, drawn.cell.student)
    grid = next(g for g in suite.grid if cell.task in g.tasks and pair in g.pairs)
    data = grid.data.model_copy(update={"companion": grid.data.test} if task != cell.task else {})
    own = MethodUse.model_validate({"name": name, "label": head.method.label, **head.method.options})
    cut = grid.model_copy(
        update={
            "tasks": [task],
            "teachers": [cell.teacher],
            "students": [cell.student],
            "methods": [head.method.label],
            "references": [],
            "data": data,
        }
    )
    return suite.model_copy(
        update={"seeds": [drawn.seed], "methods": [own], "references": [], "development": [], "grid": [cut]}
    )


def _suite_text(suite: Suite) -> str:
    """The suite as TOML, a line for each field, with inline tables."""
    values = suite.model_dump(mode="json", exclude_none=True)
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())
    parse_suite(text, "the rerun's suite")  # raises if the text is no valid suite
    return text


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _run(text: str, folder: Path, hub: Path | None, closed: bool) -> Run:
    write_text(folder / "suite.toml", text)
    mirror = ["--hub", str(hub.resolve())] if hub else []
    words = ["run", "suite.toml", "--out", "run", "--store", "store", "--workers", "1", *mirror]
    done = sandbox.run([sys.executable, "-m", "w2s_bench", *words], folder, closed)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no error message"])[-1]
        raise UserError(
            f"the rerun ended with exit status {done.returncode}: {last[:300]}",
            where="board rerun",
            expected="a run of the suite, cut to one cell",
        )
    return load_run(folder / "run")


def _compare(drawn: Draw, run: Run, deviation: float) -> list[RerunCell]:
    """The cell on the published test items, and on fresh items where there are some."""
    recorded = drawn.recorded
    if not run.cells:
        reason = next((c.failed for c in run.failed if c.failed), "it has no student")
        title = f"{drawn.title}: {reason}"
        return [RerunCell(cell=title, recorded=recorded, again=0.0, spread=0.0, within=False)]
    cell, records = run.cells[0], {r.key: r for r in run.records}
    fits = records[cell.teacher_key], records[cell.student_key], records[cell.ceiling_key]
    again = _judged(drawn, "published items", fits[1].accuracy, allowed(recorded, deviation))
    return [again, *(_fresh(drawn, fits, task, deviation) for task in fits[1].companions)]


def _fresh(drawn: Draw, fits: Fits, task: str, deviation: float) -> RerunCell:
    """The student on fresh items, compared with the accuracy that the record predicts there."""
    again, items = fits[1].companions[task], drawn.cell.student_correct.shape[1]
    if again.n_test < min(items, FEWEST):
        raise UserError(
            f"{again.n_test} fresh items for {drawn.cell.task}",
            where="board rerun",
            expected=f"at least {min(items, FEWEST)}",
            mend="give a copy of the data set that has grown more, or leave --newer away",
        )
    expected = drawn.recorded + _drift(fits, task) if drifts(drawn.cell.task) else None
    samples = 1 if expected is None else 2  # teacher and ceiling are sampled too, and count at most as much
    spread = allowed(drawn.recorded, deviation, items, again.n_test, samples)
    return _judged(drawn, "fresh items", again.accuracy, spread, expected)


def _drift(fits: Fits, task: str) -> float:
    """The expected change of the student's accuracy on fresh items, estimated from teacher and ceiling, which
    the submission did not make: a student that recovered a share of the gap changes by that share of the
    ceiling's change, and by the rest of the teacher's."""
    teacher, student, ceiling = (f.accuracy for f in fits)
    recovered = min(max((student - teacher) / (ceiling - teacher), 0.0), 1.0) if ceiling > teacher else 0.0
    changes = [f.companions[task].accuracy - f.accuracy for f in fits]
    return (1 - recovered) * changes[0] + recovered * changes[2]


def _judged(drawn: Draw, items: str, again: float, spread: float, expected: float | None = None) -> RerunCell:
    recorded = drawn.recorded
    within = abs(again - (recorded if expected is None else expected)) <= spread
    title = f"{drawn.title}, {items}"
    return RerunCell(
        cell=title, recorded=recorded, expected=expected, again=again, spread=spread, within=within
    )


def allowed(recorded: float, deviation: float, items: int = 0, fresh: int = 0, samples: int = 1) -> float:
    """The allowed difference of an accuracy from the expected one: three standard deviations, at least 0.01.

    ``deviation`` is that between seeds. With ``fresh`` items instead of ``items``, the sampling error of so
    many ``samples`` of items on either side is added.
    """
    p = min(max(recorded, 0.02), 0.98)
    sampling = samples * p * (1 - p) * (1 / items + 1 / fresh) if fresh else 0.0
    return max(0.01, SPREADS * math.sqrt(deviation**2 + sampling))


def _deviation(cells: Sequence[Cell]) -> float:
    """The standard deviation of a student's accuracy over seeds, pooled over the bundle's cells."""
    squares = [np.var(c.student_correct.mean(1), ddof=1) for c in cells if len(c.seeds) > 1]
    return float(np.sqrt(np.mean(squares))) if squares else 0.0
