"""Compare two runs, or two methods, cell by cell: what changed, and which cells cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from w2s_bench import stats
from w2s_bench.errors import UserError
from w2s_bench.pgr.cells import Cell, Key, pooled
from w2s_bench.report.load import cells_of, prove_dense
from w2s_bench.results.run_folder import Run, load_run


@dataclass(frozen=True, slots=True)
class Side:
    """A run, and the method of it to compare; None: all methods that both sides have."""

    name: str
    run: Run
    method: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The second student minus the first, in fractions of accuracy, on the same seeds and items.

    ``task`` None: the mean over the cells of a domain, with a sign-flip test over seeds of cells (``p``) that
    Holm's method adjusts for all such lines. ``moved``: the interval excludes zero. ``other_teacher``: the
    students learnt from the labels of different teachers.
    """

    domain: str
    task: str | None
    teacher: str | None
    student: str | None
    first: str
    second: str
    accuracy_first: float
    accuracy_second: float
    value: float
    low: float | None
    high: float | None
    moved: bool
    cells: int = 1
    seeds: int = 1
    p: float | None = None
    other_teacher: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """``hurdles``: why the sides, or some cells, are not comparable; differences are of the other cells."""

    hurdles: list[str]
    differences: list[Difference]


def side(name: str) -> Side:
    """Load ``DIR`` or ``DIR:METHOD``, where a method may be ``FILE.py:NAME``.

    Errors: StoreError without a run, UserError for a method it lacks.
    """
    folder, method = name, ""
    while ":" in folder and not Path(folder).is_dir():
        folder, _, last = folder.rpartition(":")
        method = f"{last}:{method}" if method else last
    run = load_run(Path(folder))
    prove_dense(run)
    known = list(dict.fromkeys(c.method for c in run.cells))
    if method and method not in known:
        raise UserError(
            f"the run has no method {method!r}", where=folder, expected="one of " + ", ".join(known)
        )
    return Side(name, run, method or None)


def compare(first: Side, second: Side) -> Comparison:
    """Compare all cells that both sides have. Errors: UserError where they share none."""
    hurdles = list(_suites(first.run, second.run))
    one, other = _cells(first), _cells(second)
    common = [key for key in one if key in other]
    if not common:
        raise UserError(
            "the two sides share no cell",
            where=f"{first.name} and {second.name}",
            expected="a task, teacher, student and method that both have",
            mend="name a method for each side: w2s-bench compare DIR:METHOD DIR:METHOD",
        )
    items = [{r.task: r.key for r in s.run.records} for s in (first, second)]  # any fit: all score the same
    lines: list[Difference] = []
    tables = []
    for key in common:
        a, b = one[key], other[key]
        if why := _hurdle(a, b, first.run, second.run, items):
            hurdles.append(why)
            continue
        seeds = sorted(set(a.seeds) & set(b.seeds))
        a, b = _of_seeds(a, seeds), _of_seeds(b, seeds)
        tables.append((a, b))
        line = replace(_difference([(a, b)]), task=a.task, teacher=a.teacher, student=a.student)
        lines.append(replace(line, other_teacher=_teachers_differ(a, first.run, second.run)))
    return Comparison(hurdles, [*lines, *_pools(tables)])


def _cells(chosen: Side) -> dict[Key, Cell]:
    """Cells by place; by method too, where all methods are compared."""
    cells = [c for c in cells_of(chosen.run) if chosen.method in (None, c.method)]
    return {c.where if chosen.method else (*c.where, c.method): c for c in cells}


def _suites(one: Run, other: Run) -> Iterator[str]:
    a, b = one.info, other.info
    if a.suite_hash != b.suite_hash:
        names = [f"{i.suite} version {i.suite_version} ({i.suite_hash[:8]})" for i in (a, b)]
        yield f"the suites differ: {names[0]} and {names[1]}; only cells with the same items are compared"
    for name in sorted(a.libraries.keys() & b.libraries.keys()):
        if a.libraries[name] != b.libraries[name]:
            yield f"other versions of {name}: {a.libraries[name]} and {b.libraries[name]}"


def _hurdle(a: Cell, b: Cell, one: Run, other: Run, items: list[dict[str, str]]) -> str | None:
    sides = [run.predictions[keys[a.task]].items for run, keys in zip((one, other), items, strict=True)]
    if sides[0] != sides[1]:
        return f"{a.task}: the test items differ"
    if not set(a.seeds) & set(b.seeds):
        return f"{a.task}, {a.teacher} → {a.student}: no seed in common ({a.seeds} and {b.seeds})"
    return None


def _of_seeds(cell: Cell, seeds: list[int]) -> Cell:
    rows = [cell.seeds.index(s) for s in seeds]
    names = ("teacher_correct", "student_correct", "ceiling_correct")
    changes: dict[str, Any] = {name: getattr(cell, name)[rows] for name in names}
    return replace(cell, seeds=tuple(seeds), agrees=None, **changes)


def _teachers_differ(cell: Cell, one: Run, other: Run) -> bool:
    keys = [
        {c.seed: c.teacher_key for c in run.cells if (c.task, c.teacher, c.student) == cell.where}
        for run in (one, other)
    ]
    return any(keys[0].get(seed) != keys[1].get(seed) for seed in cell.seeds)


def _off_zero(interval: stats.Interval) -> bool:
    return interval.low is not None and interval.high is not None and not interval.low <= 0 <= interval.high


def _pools(tables: list[tuple[Cell, Cell]]) -> list[Difference]:
    """A line for each domain and pair of methods with more than one cell."""
    groups: dict[tuple[str, str, str], list[tuple[Cell, Cell]]] = {}
    for a, b in tables:
        groups.setdefault((a.domain, a.method, b.method), []).append((a, b))
    lines = []
    for group in groups.values():
        if len(group) > 1:
            units = np.concatenate([b.over(a).mean(1) for a, b in group])
            lines.append(replace(_difference(group), p=stats.sign_flip_test(units)))
    adjusted = stats.holm(np.array([line.p for line in lines], dtype=np.float64))
    return [replace(line, p=float(p)) for line, p in zip(lines, adjusted, strict=True)]


def _difference(pairs: list[tuple[Cell, Cell]]) -> Difference:
    """The mean difference of some pairs of cells, without a task and a test."""
    (a, b), count = pairs[0], len(pairs)
    interval = stats.mean_interval(pooled((one.task, other.over(one)) for one, other in pairs))
    means = [float(np.mean([pair[k].points[1] for pair in pairs])) for k in (0, 1)]
    return Difference(
        domain=a.domain,
        task=None,
        teacher=None,
        student=None,
        first=a.method,
        second=b.method,
        accuracy_first=means[0],
        accuracy_second=means[1],
        value=means[1] - means[0] if count > 1 else float(b.over(a).mean()),
        low=interval.low,
        high=interval.high,
        moved=_off_zero(interval),
        cells=count,
        seeds=len(a.seeds),
    )


def as_text(comparison: Comparison, first: str, second: str) -> str:
    """A comparison as text: hurdles, a line for each cell, a line for each domain; in percentage points."""
    head = f"{second} minus {first}, accuracy in percentage points"
    lines = [head, *(f"! {hurdle}" for hurdle in comparison.hurdles), ""]
    for d in comparison.differences:
        where = f"{d.task}  {d.teacher} → {d.student}" if d.task else f"{d.domain}, {d.cells} cells"
        methods = d.first if d.first == d.second else f"{d.second} − {d.first}"
        ends = [f"{100 * end:+.1f}" for end in (d.low, d.high) if end is not None]
        interval = ", ".join(ends) if len(ends) == 2 else "unbounded"
        notes = ["moved"] * d.moved + ["other teachers"] * d.other_teacher
        notes += [] if d.p is None else [f"p {d.p:.3f} (sign flips, Holm)"]
        change = f"{100 * d.accuracy_first:.1f} → {100 * d.accuracy_second:.1f}  {100 * d.value:+.1f}"
        lines.append(f"{where}  {methods}  {change} [{interval}]  {'; '.join(notes)}".rstrip())
    moved = [d.moved for d in comparison.differences if d.task]
    lines.append(f"\n{sum(moved)} of {len(moved)} cells moved")
    return "\n".join(lines)
