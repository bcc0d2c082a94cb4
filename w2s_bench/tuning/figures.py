"""Sensitivity curves as a figure: a panel for each option, with the selection score and the accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from w2s_bench.store.local import atomic_file
from w2s_bench.tuning.record import Tuned, curve

COLUMNS = 6
WIDE = 30  # values that differ by this factor are drawn by factors
LINES = (  # two of Okabe and Ito's colours: safe for the colour-blind
    ("score", "o-", "#0072B2", "agreement with a second weak teacher (selects)"),
    ("accuracy", "s--", "#D55E00", "accuracy (told, not used)"),
)


def draw(searches: list[Tuned], out: Path) -> list[Path]:
    """Write OUT as PNG and SVG; returns the paths. Points are trials, which differ in all options."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = [(search, option) for search in searches for option in search.searched]
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(2.6 * columns, 2.0 * rows + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, (search, option) in zip(axes.flat, panels, strict=False):
        _panel(axis, search, option)
    for axis in list(axes.flat)[len(panels) :]:
        axis.set_axis_off()
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize=8)
    return [_save(figure, out.with_suffix(f".{kind}")) for kind in ("png", "svg")]


def _save(figure: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = path.suffix[1:]
    with atomic_file(path) as draft:
        figure.savefig(draft, format=kind, dpi=90, metadata={"Date": None} if kind == "svg" else {})
    return path


def _panel(axis: Any, search: Tuned, option: str) -> None:
    points = list(curve(search, option))
    values = [value for value, _ in points]
    for attribute, form, colour, label in LINES:
        heights = [100 * float(getattr(trial, attribute) or 0) for _, trial in points]
        axis.plot(values, heights, form, color=colour, ms=4, lw=1, label=label)
    if values and min(values) > 0 and max(values) / min(values) > WIDE:
        axis.set_xscale("log")
    axis.axvline(search.chosen[option], color="0.6", lw=3, alpha=0.5, label="chosen")
    axis.set_title(f"{search.method}\n{option}", fontsize=7)
    axis.tick_params(labelsize=6)
