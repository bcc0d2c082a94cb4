"""Two runs, or two methods, cell by cell: what moved, and whether they can be compared at all."""

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
    """A run, and the one method of it that is compared; None: all that both sides have."""

    name: str
    run: Run
    method: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The second student minus the first, in fractions of accuracy, on the same seeds and items.

    ``task`` None: the mean over the cells of a domain, with a sign-flip test over seeds of cells (``p``) that
    Holm's method adjusts for all such lines. ``moved``: the interval is off zero. ``other_teacher``: the
    students learnt from different labels.
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


def side(words: str) -> Side:
    """``DIR`` or ``DIR:METHOD``. Errors: StoreError without a run, UserError for a method it lacks."""
    folder, _, method = (words, "", "") if Path(words).is_dir() else words.rpartition(":")
    run = load_run(Path(folder or words))
    prove_dense(run)
    known = list(dict.fromkeys(c.method for c in run.cells))
    if method and method not in known:
        raise UserError(
            f"the run has no method {method!r}", where=folder, expected="one of " + ", ".join(known)
        )
    return Side(words, run, method or None)


def compare(first: Side, second: Side) -> Comparison:
    """All cells that both sides have. Errors: UserError where they share none."""
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
    lines, tables = [], []
    for key in common:
        a, b = one[key], other[key]
        if why := _hurdle(a, b, first.run, second.run, items):
            hurdles.append(why)
            continue
        a, b = _same_seeds(a, b)
        tables.append((a, b))
        lines.append(_line(a, b, _teachers_differ(a, first.run, second.run)))
    return Comparison(hurdles, [*lines, *_pools(tables)])


def _cells(chosen: Side) -> dict[Key, Cell]:
    """Cells by place; by method too, where all methods are compared."""
    found = [c for c in cells_of(chosen.run) if chosen.method in (None, c.method)]
    return {c.where if chosen.method else (*c.where, c.method): c for c in found}


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


def _same_seeds(a: Cell, b: Cell) -> tuple[Cell, Cell]:
    common = sorted(set(a.seeds) & set(b.seeds))
    return _of_seeds(a, common), _of_seeds(b, common)


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


def _line(a: Cell, b: Cell, other_teacher: bool) -> Difference:
    interval = stats.mean_interval([b.over(a)])
    return Difference(
        domain=a.domain,
        task=a.task,
        teacher=a.teacher,
        student=a.student,
        first=a.method,
        second=b.method,
        accuracy_first=a.points[1],
        accuracy_second=b.points[1],
        value=float(b.over(a).mean()),
        low=interval.low,
        high=interval.high,
        moved=_off_zero(interval),
        seeds=len(a.seeds),
        other_teacher=other_teacher,
    )


def _off_zero(interval: stats.Interval) -> bool:
    return interval.low is not None and interval.high is not None and not interval.low <= 0 <= interval.high


def _pools(tables: list[tuple[Cell, Cell]]) -> list[Difference]:
    """A line for each domain and pair of methods with more than one cell."""
    groups: dict[tuple[str, str, str], list[tuple[Cell, Cell]]] = {}
    for a, b in tables:
        groups.setdefault((a.domain, a.method, b.method), []).append((a, b))
    lines = [_pool(group) for group in groups.values() if len(group) > 1]
    adjusted = stats.holm(np.array([line.p for line in lines], dtype=np.float64))
    return [replace(line, p=float(p)) for line, p in zip(lines, adjusted, strict=True)]


def _pool(group: list[tuple[Cell, Cell]]) -> Difference:
    contrast = pooled((a.task, b.over(a) / len(group)) for a, b in group)
    interval = stats.mean_interval(contrast)
    units = np.concatenate([b.over(a).mean(1) for a, b in group])
    head = group[0]
    means = [float(np.mean([pair[k].points[1] for pair in group])) for k in (0, 1)]
    return Difference(
        domain=head[0].domain,
        task=None,
        teacher=None,
        student=None,
        first=head[0].method,
        second=head[1].method,
        accuracy_first=means[0],
        accuracy_second=means[1],
        value=means[1] - means[0],
        low=interval.low,
        high=interval.high,
        moved=_off_zero(interval),
        cells=len(group),
        seeds=len(head[0].seeds),
        p=stats.sign_flip_test(units),
    )


def as_text(found: Comparison, first: str, second: str) -> str:
    """Hurdles, then a line a cell and a line a domain; points of accuracy."""
    lines = [f"{second} minus {first}, accuracy in percentage points", *(f"! {h}" for h in found.hurdles), ""]
    for d in found.differences:
        where = f"{d.task}  {d.teacher} → {d.student}" if d.task else f"{d.domain}, {d.cells} cells"
        methods = d.first if d.first == d.second else f"{d.second} − {d.first}"
        interval = (
            "unbounded" if d.low is None or d.high is None else f"{100 * d.low:+.1f}, {100 * d.high:+.1f}"
        )
        notes = ["moved"] * d.moved + ["other teachers"] * d.other_teacher
        notes += [] if d.p is None else [f"p {d.p:.3f} (sign flips, Holm)"]
        change = f"{100 * d.accuracy_first:.1f} → {100 * d.accuracy_second:.1f}"
        lines.append(
            f"{where}  {methods}  {change}  {100 * d.value:+.1f} [{interval}]  {'; '.join(notes)}".rstrip()
        )
    moved = sum(d.moved for d in found.differences if d.task)
    lines.append(f"\n{moved} of {sum(d.task is not None for d in found.differences)} cells moved")
    return "\n".join(lines)
