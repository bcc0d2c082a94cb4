"""Figures beside the curves: agreement with the teacher, methods by domain, performance profiles, losses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from w2s_bench.records import TableRow
from w2s_bench.report import figure_style as style
from w2s_bench.report.figure_data import THRESHOLDS, courses, losses, pools, profiles
from w2s_bench.report.figure_style import MOST_METHODS, Look, arrange, domain_panels, line_style, save, unique
from w2s_bench.report.load import parameters
from w2s_bench.report.saliency import draw_saliency
from w2s_bench.report.tables import TITLES, by_domain
from w2s_bench.results.run_folder import Run


def draw_figures(folder: Path, run: Run, rows: list[TableRow]) -> list[Path]:
    """Write ``figures/{agreement,methods,profiles,training,overfitting,saliency}`` where there is data."""
    style.set_up()
    figures = {
        "agreement": _agreement(rows, parameters(run)),
        "methods": _methods(rows),
        "profiles": _profiles(rows),
        "training": _training(run),
        "overfitting": _overfitting(run),
        "saliency": draw_saliency(rows),
    }
    made = [(folder / "figures" / name, figure) for name, figure in figures.items() if figure is not None]
    return [path for stem, figure in made for path in save(figure, stem)]


def _agreement(rows: list[TableRow], size: dict[str, int]) -> Any | None:
    """Share of test items on which the student picks its teacher's option, mean over tasks."""
    cells, left_out = style.drawn([r for r in style.scored(rows) if r.agreement is not None])
    by_name = dict(by_domain(cells))
    if not by_name:
        return None
    look = style.look_of(cells, size)
    figure, axes = domain_panels(list(by_name))
    for axis, chosen in zip(axes[0], by_name.values(), strict=True):
        _mean_lines(axis, chosen, look)
        axis.set_ylabel("agreement with the teacher (%)")
        style.size_axis(axis, chosen, look)
    arrange(figure)
    style.legend(figure, look, left_out, ceiling=False)
    return figure


def _mean_lines(axis: Any, rows: list[TableRow], look: Look) -> None:
    lines: dict[tuple[str, str], dict[int, list[float]]] = {}
    for r in rows:
        line = lines.setdefault((str(r.teacher), r.method), {})
        line.setdefault(look.size[str(r.student)], []).append(100 * (r.agreement or 0.0))
    for (teacher, method), points in lines.items():
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
    size = (4.6 + 1.7 * len(domains), 1.2 + 0.34 * len(methods))
    figure, axes = pyplot.subplots(1, 2, figsize=size, sharey=True)
    pgr, gain = np.full((2, len(methods), len(domains)), np.nan)
    for row in chosen:
        place = methods.index(row.method), domains.index(row.domain)
        pgr[place] = np.nan if row.pgr is None else row.pgr
        gain[place] = np.nan if row.gain is None else 100 * row.gain
    _heat(axes[0], pgr, "{:.2f}", 1.0)
    _heat(axes[1], gain, "{:+.1f}", None)
    for axis, title in zip(axes, ("pooled PGR", "pooled gain (points)"), strict=True):
        axis.set_title(title, loc="left")
        axis.set_xticks(range(len(domains)), domains)
        axis.set_yticks(range(len(methods)), methods)
    arrange(figure)
    return figure


def _heat(axis: Any, table: np.ndarray, form: str, limit: float | None) -> None:
    """Blue above nought, orange below, white at it; each field shows its number."""
    from matplotlib.colors import LinearSegmentedColormap

    known = np.abs(table[~np.isnan(table)])
    top = limit or max(1.0, float(known.max()) if known.size else 1.0)
    colours = LinearSegmentedColormap.from_list("gain", style.BLUE_ORANGE)
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
    by_name = {domain: lines for domain, chosen in by_domain(rows) if (lines := profiles(chosen))}
    if not by_name:
        return None
    figure, axes = domain_panels(list(by_name))
    methods = unique(line.method for lines in by_name.values() for line in lines)
    for axis, lines in zip(axes[0], by_name.values(), strict=True):
        for line in lines[:MOST_METHODS]:
            marks = line_style(methods.index(line.method)) | {"ds": "steps-post"}
            axis.plot(THRESHOLDS, line.share, label=f"{line.method} ({line.cells} cells)", **marks)
        axis.set(xlabel="PGR above", ylabel="share of admitted cells", ylim=(-0.02, 1.02))
        axis.legend(loc="best", fontsize=7)
    arrange(figure)
    return figure


def _training(run: Run) -> Any | None:
    """Mean training loss of each epoch, by role and method; only fits with more than one epoch."""
    lines = losses(run)
    domains = [d for d in TITLES if any(line.domain == d for line in lines)]
    if not domains:
        return None
    names = unique(line.name for line in lines)
    figure, axes = domain_panels(domains)
    for axis, domain in zip(axes[0], domains, strict=True):
        own = [line for line in lines if line.domain == domain]
        for line in own[:MOST_METHODS]:
            marks = line_style(names.index(line.name), marker=True)
            axis.plot(range(1, len(line.loss) + 1), line.loss, label=line.name, **marks)
        axis.set(xlabel="epoch", ylabel="mean training loss (nats)")
        axis.set_xticks(range(1, 1 + max(len(line.loss) for line in own)))
        axis.legend(loc="best", fontsize=7)
    arrange(figure)
    return figure


def _overfitting(run: Run) -> Any | None:
    """Test accuracy and, below it, agreement with the teacher while students train.

    Where agreement rises and accuracy falls, a student overfits to weak labels.
    """
    lines = courses(run)
    domains = [d for d in TITLES if any(line.domain == d for line in lines)]
    if not domains:
        return None
    methods = unique(line.method for line in lines)
    figure, axes = domain_panels(domains, rows=2, height=6)
    for (upper, lower), domain in zip(axes.T, domains, strict=True):
        for line in [line for line in lines if line.domain == domain][:MOST_METHODS]:
            marks = line_style(methods.index(line.method)) | {"label": f"{line.method} ({line.fits} fits)"}
            upper.plot(line.share, 100 * line.accuracy, **marks)
            lower.plot(line.share, 100 * line.agreement, **marks)
        upper.set_ylabel("test accuracy (%)")
        lower.set(xlabel="share of training", ylabel="agreement with the teacher (%)")
        upper.legend(loc="best", fontsize=7)
    arrange(figure)
    return figure
