"""Numbers behind figures and charts: pools by domain, performance profiles, losses by epoch."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from w2s_bench import stats
from w2s_bench.records import ScoreRecord, TableRow
from w2s_bench.report.tables import csv_cell
from w2s_bench.results.run_folder import Run

THRESHOLDS = np.round(np.linspace(-0.5, 1.5, 81), 3)
T = TypeVar("T")
ROLES = {"teacher": "teacher on gold", "ceiling": "ceiling on gold", "student": "student, "}


def pools(rows: list[TableRow]) -> list[TableRow]:
    """Pooled rows of each method and domain over all admitted cells, without reference rows."""
    return [r for r in rows if r.task is None and r.pool == "admitted" and not r.reference]


@dataclass(frozen=True, slots=True)
class Profile:
    """Share of a method's ``cells`` with a PGR above each of :data:`THRESHOLDS` (``[T]``)."""

    method: str
    cells: int
    share: stats.Floats


def profiles(rows: list[TableRow]) -> list[Profile]:
    """A profile of each method of one domain over its admitted cells, the highest mean first.

    Where all methods share some cells, profiles are over these alone, so that they can be compared.
    """
    by_method: dict[str, dict[tuple[str | None, ...], float]] = {}
    for r in rows:
        if r.task is not None and r.admitted and r.pgr is not None and not r.reference:
            by_method.setdefault(r.method, {})[r.task, r.teacher, r.student] = r.pgr
    if not by_method:
        return []
    common = set.intersection(*(set(cells) for cells in by_method.values()))
    values = {
        method: np.array([v for place, v in cells.items() if not common or place in common])
        for method, cells in by_method.items()
    }
    order = sorted(values, key=lambda m: -float(values[m].mean()))
    return [
        Profile(m, len(values[m]), stats.performance_profile(values[m], np.asarray(THRESHOLDS)))
        for m in order
    ]


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean training loss of each epoch over the ``fits`` of one kind."""

    domain: str
    name: str
    fits: int
    loss: list[float]


def losses(run: Run) -> list[Losses]:
    """Losses by domain, role and method, over the fits with the most frequent number of epochs above one."""
    groups: dict[tuple[str, str], list[ScoreRecord]] = {}
    for r in run.records:
        if r.role in ROLES and len(r.loss) > 1:
            name = ROLES[r.role] + (r.method if r.role == "student" else "")
            groups.setdefault((r.domain, name), []).append(r)
    order = list(ROLES.values())
    names = sorted(groups, key=lambda g: order.index(g[1]) if g[1] in order else 2)
    return [_mean(domain, name, groups[domain, name]) for domain, name in names]


@dataclass(frozen=True, slots=True)
class Course:
    """Mean test accuracy and agreement with the teacher after each ``share`` of training, fractions ``[T]``.

    The mean is over the ``fits`` of one method and domain that have the same number of points.
    """

    domain: str
    method: str
    fits: int
    share: stats.Floats
    accuracy: stats.Floats
    agreement: stats.Floats

    def points(self) -> list[tuple[float, float, float]]:
        """Share, accuracy and agreement of each point."""
        return list(zip(self.share.tolist(), self.accuracy.tolist(), self.agreement.tolist(), strict=True))


def courses(run: Run) -> list[Course]:
    """Courses by domain and method (as cells name it), over the fits with the most frequent point count."""
    records = {r.key: r for r in run.records if r.curve}
    groups: dict[tuple[str, str], list[ScoreRecord]] = {}
    for cell in run.cells:
        if cell.student_key in records:
            groups.setdefault((cell.domain, cell.method), []).append(records[cell.student_key])
    return [_course(domain, method, fits) for (domain, method), fits in groups.items()]


def courses_csv(listed: list[Course]) -> str:
    """Courses as CSV, one line for each point."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("domain", "method", "fits", "share", "accuracy", "agreement"))
    for c in listed:
        for point in c.points():
            writer.writerow(map(csv_cell, (c.domain, c.method, c.fits, *point)))
    return out.getvalue()


def _course(domain: str, method: str, records: list[ScoreRecord]) -> Course:
    alike = _alike([r.curve for r in records])
    points = np.array([[(p.share, p.accuracy, p.agreement) for p in curve] for curve in alike])
    return Course(domain, method, len(points), *points.mean(axis=0).T)


def _mean(domain: str, name: str, records: list[ScoreRecord]) -> Losses:
    alike = _alike([r.loss for r in records])
    return Losses(domain, name, len(alike), [float(v) for v in np.mean(alike, axis=0)])


def _alike(series: list[list[T]]) -> list[list[T]]:
    """The series of the most frequent length (of two equally frequent, the longer), which have a mean."""
    lengths = [len(s) for s in series]
    most = max(set(lengths), key=lambda n: (lengths.count(n), n))
    return [s for s in series if len(s) == most]


def over_tasks(rows: list[TableRow]) -> list[TableRow]:
    """One row for each domain, teacher, student and method, without intervals.

    Accuracies are means over tasks; PGR is pooled over the admitted cells.
    """
    groups: dict[tuple[str, str | None, str | None, str], list[TableRow]] = {}
    for r in rows:
        groups.setdefault((r.domain, r.teacher, r.student, r.method), []).append(r)
    return [_over_tasks(group) for group in groups.values()]


def _over_tasks(group: list[TableRow]) -> TableRow:
    head, admitted = group[0], [r for r in group if r.admitted]
    points = np.array([_points(r) for r in group]).mean(axis=0).tolist()
    pgr = stats.pooled_pgr(*np.array([_points(r) for r in admitted]).T) if admitted else None
    return TableRow(
        suite=head.suite,
        domain=head.domain,
        task=f"mean of {len(group)} tasks",
        teacher=head.teacher,
        student=head.student,
        method=head.method,
        seeds=head.seeds,
        teacher_accuracy=points[0],
        student_accuracy=points[1],
        ceiling_accuracy=points[2],
        pgr=pgr,
        admitted=bool(admitted),
        over_naive=float(np.mean([r.over_naive or 0.0 for r in group])),
    )


def _points(r: TableRow) -> tuple[float, float, float]:
    return r.teacher_accuracy or 0.0, r.student_accuracy or 0.0, r.ceiling_accuracy or 0.0
