"""Figures beside the curves: agreement with the teacher, methods by domain, performance profiles, losses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from w2s_bench.records import TableRow
from w2s_bench.report.figure_data import THRESHOLDS, courses, losses, pools, profiles
from w2s_bench.report.figure_style import (
    BLUE_ORANGE,
    COLOURS,
    LINES,
    MARKERS,
    MOST_METHODS,
    Look,
    arrange,
    drawn,
    legend,
    look_of,
    save,
    scored,
    set_up,
    size_axis,
    unique,
)
from w2s_bench.report.load import parameters
from w2s_bench.report.saliency import draw_saliency
from w2s_bench.report.tables import TITLES, by_domain
from w2s_bench.results.run_folder import Run


def draw_figures(folder: Path, run: Run, rows: list[TableRow]) -> list[Path]:
    """Write ``figures/{agreement,methods,profiles,training,overfitting,saliency}`` where there is data."""
    set_up()
    made = {
        "agreement": _agreement(rows, parameters(run)),
        "methods": _methods(rows),
        "profiles": _profiles(rows),
        "training": _training(run),
        "overfitting": _overfitting(run),
        "saliency": draw_saliency(rows),
    }
    return [
        path
        for name, figure in made.items()
        if figure is not None
        for path in save(figure, folder / "figures" / name)
    ]


def _panels(count: int, height: float = 3.4) -> tuple[Any, list[Any]]:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, count, figsize=(4.75 * count, height), squeeze=False)
    return figure, list(axes[0])


def _agreement(rows: list[TableRow], size: dict[str, int]) -> Any | None:
    """Share of test items on which the student picks its teacher's option, mean over tasks."""
    cells, left_out = drawn([r for r in scored(rows) if r.agreement is not None])
    domains = [(d, chosen) for d, chosen in by_domain(cells) if chosen]
    if not domains:
        return None
    look = look_of(cells, size)
    figure, axes = _panels(len(domains))
    for axis, (domain, chosen) in zip(axes, domains, strict=True):
        axis.set_title(TITLES[domain], loc="left")
        _mean_lines(axis, chosen, look)
        axis.set_ylabel("agreement with the teacher (%)")
        size_axis(axis, chosen, look)
    arrange(figure)
    legend(figure, look, left_out, ceiling=False)
    return figure


def _mean_lines(axis: Any, rows: list[TableRow], look: Look) -> None:
    found: dict[tuple[str, str], dict[int, list[float]]] = {}
    for r in rows:
        line = found.setdefault((str(r.teacher), r.method), {})
        line.setdefault(look.size[str(r.student)], []).append(100 * (r.agreement or 0.0))
    for (teacher, method), points in found.items():
        x = sorted(points)
        y = [sum(points[p]) / len(points[p]) for p in x]
        shifted = [p * look.aside(method) for p in x]
        axis.plot(shifted, y, color=look.colour(teacher), alpha=0.9, **look.mark(method))


def _methods(rows: list[TableRow]) -> Any | None:
    """Method × domain: pooled PGR, and pooled gain in points."""
    from matplotlib import pyplot

    chosen = pools(rows)
    if not chosen:
        return None
    methods, domains = unique(r.method for r in chosen), unique(r.domain for r in chosen)
    figure, axes = pyplot.subplots(
        1, 2, figsize=(4.6 + 1.7 * len(domains), 1.2 + 0.34 * len(methods)), sharey=True
    )
    cells = {(r.method, r.domain): r for r in chosen}
    for axis, title, form in zip(
        axes, ("pooled PGR", "pooled gain (points)"), ("{:.2f}", "{:+.1f}"), strict=True
    ):
        table = np.full((len(methods), len(domains)), np.nan)
        for (method, domain), row in cells.items():
            value = row.pgr if "PGR" in title else None if row.gain is None else 100 * row.gain
            table[methods.index(method), domains.index(domain)] = np.nan if value is None else value
        _heat(axis, table, form, 1.0 if "PGR" in title else None)
        axis.set_title(title, loc="left")
        axis.set_xticks(range(len(domains)), domains)
        axis.set_yticks(range(len(methods)), methods)
    arrange(figure)
    return figure


def _heat(axis: Any, table: np.ndarray, form: str, limit: float | None) -> None:
    """Blue above nought, orange below, white at it; the number stands in each field."""
    from matplotlib.colors import LinearSegmentedColormap

    known = np.abs(table[~np.isnan(table)])
    top = limit or max(1.0, float(known.max()) if known.size else 1.0)
    colours = LinearSegmentedColormap.from_list("gain", BLUE_ORANGE)
    axis.set_facecolor("#E8E8E8")  # where there is no value
    axis.imshow(table, cmap=colours, vmin=-top, vmax=top, aspect="auto")
    for (i, j), value in np.ndenumerate(table):
        text = "–" if np.isnan(value) else form.format(value)
        dark = not np.isnan(value) and abs(value) > 0.7 * top
        axis.text(j, i, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)


def _profiles(rows: list[TableRow]) -> Any | None:
    """Share of a method's admitted cells whose PGR is above each threshold."""
    domains = [(d, found) for d, chosen in by_domain(rows) if (found := profiles(chosen))]
    if not domains:
        return None
    figure, axes = _panels(len(domains))
    methods = unique(line.method for _, found in domains for line in found)
    for axis, (domain, found) in zip(axes, domains, strict=True):
        axis.set_title(TITLES[domain], loc="left")
        for line in found[:MOST_METHODS]:
            k = methods.index(line.method)
            look = {"color": COLOURS[k % len(COLOURS)], "ls": LINES[k % len(LINES)], "ds": "steps-post"}
            axis.plot(THRESHOLDS, line.share, label=f"{line.method} ({line.cells} cells)", **look)
        axis.set_xlabel("PGR above")
        axis.set_ylabel("share of admitted cells")
        axis.set_ylim(-0.02, 1.02)
        axis.legend(loc="best", fontsize=7)
    arrange(figure)
    return figure


def _training(run: Run) -> Any | None:
    """Mean training loss of each epoch, by role and method; only fits with more than one epoch."""
    found = losses(run)
    domains = [d for d in TITLES if any(line.domain == d for line in found)]
    if not domains:
        return None
    names = unique(line.name for line in found)
    figure, axes = _panels(len(domains))
    for axis, domain in zip(axes, domains, strict=True):
        lines = [line for line in found if line.domain == domain]
        axis.set_title(TITLES[domain], loc="left")
        for line in lines[:MOST_METHODS]:
            _loss_line(axis, names.index(line.name), line.name, line.loss)
        axis.set_xlabel("epoch")
        axis.set_ylabel("mean training loss (nats)")
        axis.set_xticks(range(1, 1 + max(len(line.loss) for line in lines)))
        axis.legend(loc="best", fontsize=7)
    arrange(figure)
    return figure


def _overfitting(run: Run) -> Any | None:
    """Test accuracy while students train, and below it agreement with the teacher: where the second rises and
    the first falls, a student overfits to weak labels."""
    found = courses(run)
    domains = [d for d in TITLES if any(course.domain == d for course in found)]
    if not domains:
        return None
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, len(domains), figsize=(4.75 * len(domains), 6), squeeze=False)
    methods = unique(course.method for course in found)
    for column, domain in zip(axes.T, domains, strict=True):
        column[0].set_title(TITLES[domain], loc="left")
        for course in [c for c in found if c.domain == domain][:MOST_METHODS]:
            k = methods.index(course.method)
            look = {"color": COLOURS[k % len(COLOURS)], "ls": LINES[k % len(LINES)]}
            for axis, values in zip(column, (course.accuracy, course.agreement), strict=True):
                axis.plot(course.share, 100 * values, label=f"{course.method} ({course.fits} fits)", **look)
        column[0].set_ylabel("test accuracy (%)")
        column[1].set_ylabel("agreement with the teacher (%)")
        column[1].set_xlabel("share of training")
        column[0].legend(loc="best", fontsize=7)
    arrange(figure)
    return figure


def _loss_line(axis: Any, k: int, name: str, loss: Iterable[float]) -> None:
    values = list(loss)
    look = {
        "color": COLOURS[k % len(COLOURS)],
        "ls": LINES[k % len(LINES)],
        "marker": MARKERS[k % len(MARKERS)],
    }
    axis.plot(range(1, len(values) + 1), values, label=name, ms=5, **look)
