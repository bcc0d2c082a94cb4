"""Scaling curves: accuracy and PGR against student size, a colour for each teacher, ground truth in black."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from w2s_bench.records import TableRow
from w2s_bench.report import figure_style as style
from w2s_bench.report.figure_data import over_tasks
from w2s_bench.report.figure_style import Look, arrange, drawn, legend, look_of, save, scored, unique
from w2s_bench.report.load import parameters
from w2s_bench.report.tables import TITLES, by_domain
from w2s_bench.results.run_folder import Run

MOST_TASKS = 24  # with more tasks, the mean over tasks is drawn instead


def draw_curves(folder: Path, run: Run, rows: list[TableRow]) -> list[Path]:
    """Write ``figures/<domain>.png`` and ``.svg``: a row of panels a task, or for the mean of many."""
    style.set_up()
    paths: list[Path] = []
    many = len({r.task for r in scored(rows)}) > MOST_TASKS
    for domain, chosen in by_domain(rows):
        if cells := scored(chosen):
            shown = over_tasks(cells) if many else cells
            figure = _domain_figure(TITLES[domain], shown, parameters(run))
            paths += save(figure, folder / "figures" / domain)
    return paths


def _domain_figure(title: str, rows: list[TableRow], size: dict[str, int]) -> Any:
    from matplotlib import pyplot

    rows, left_out = drawn(rows)
    look = look_of(rows, size)
    tasks = unique(str(r.task) for r in rows)
    figure, axes = pyplot.subplots(len(tasks), 2, figsize=(9.5, 3.4 * len(tasks)), squeeze=False)
    for (left, right), task in zip(axes, tasks, strict=True):
        chosen = [r for r in rows if r.task == task]
        left.set_title(task, loc="left")
        _accuracy(left, chosen, look)
        _pgr(right, chosen, look)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    arrange(figure)
    legend(figure, look, left_out)
    return figure


def _accuracy(axis: Any, rows: list[TableRow], look: Look) -> None:
    ceilings = sorted({(look.size[str(r.student)], 100 * (r.ceiling_accuracy or 0)) for r in rows})
    axis.plot(*zip(*ceilings, strict=True), color="black", marker="o", ms=5)
    for r in {str(r.teacher): r for r in rows}.values():
        axis.axhline(100 * (r.teacher_accuracy or 0), color=look.colour(str(r.teacher)), lw=0.9, alpha=0.6)
    _lines(axis, rows, look, lambda r: (100 * (r.student_accuracy or 0), 0.0, 0.0))
    axis.set_ylabel("test accuracy (%)")
    style.size_axis(axis, rows, look)


def _pgr(axis: Any, rows: list[TableRow], look: Look) -> None:
    shown = [r for r in rows if r.admitted and r.pgr is not None]
    _lines(axis, shown, look, _pgr_with_errors)
    for level, dots in ((0, "-"), (1, ":")):
        axis.axhline(level, color="grey", lw=0.7, ls=dots, zorder=0)
    points = [r.pgr for r in shown if r.pgr is not None]
    axis.set_ylim(min([0.0, *points]) - 0.3, max([1.0, *points]) + 0.1)  # a wide interval runs out of view
    axis.set_ylabel("PGR")
    if not shown:
        style.nothing(axis, "no admitted cell")
    style.size_axis(axis, rows, look)


def _pgr_with_errors(row: TableRow) -> tuple[float, float, float]:
    """PGR and the lengths of its error bar; an unbounded interval has none."""
    assert row.pgr is not None
    if row.pgr_low is None or row.pgr_high is None:
        return row.pgr, 0.0, 0.0
    return row.pgr, max(0.0, row.pgr - row.pgr_low), max(0.0, row.pgr_high - row.pgr)


def _lines(
    axis: Any, rows: list[TableRow], look: Look, value: Callable[[TableRow], tuple[float, float, float]]
) -> None:
    """Draw a line for each teacher and method; a teacher's error bars are one artist, which is faster."""
    for teacher in look.teachers:
        bars: list[tuple[float, float, float]] = []
        for method in look.methods:
            chosen = [r for r in rows if (r.teacher, r.method) == (teacher, method)]
            points = sorted((look.size[str(r.student)] * look.aside(method), *value(r)) for r in chosen)
            if points:
                x, y, *_ = zip(*points, strict=True)
                axis.plot(x, y, color=look.colour(teacher), alpha=0.9, **look.mark(method))
                bars += [(a, b - c, b + d) for a, b, c, d in points if c or d]
        if bars:
            axis.vlines(*zip(*bars, strict=True), color=look.colour(teacher), lw=0.8, alpha=0.9)
