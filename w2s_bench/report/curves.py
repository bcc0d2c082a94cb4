"""Scaling curves: accuracy and PGR against student size, a colour for each teacher, ground truth in black."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from w2s_bench.records import Row
from w2s_bench.report.frame import parameters
from w2s_bench.report.tables import TITLES, by_domain
from w2s_bench.rundir import Run
from w2s_bench.store import atomic_file

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe–Ito: safe for the colour-blind
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", ":", "-.")
SVG_SALT = "w2s-bench"  # element ids of an SVG follow from it: equal runs draw equal files


def draw_curves(folder: Path, run: Run, rows: list[Row]) -> list[Path]:
    """Write ``figures/<domain>.png`` and ``.svg``: a row of panels for each task."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": SVG_SALT, "font.size": 9, "axes.spines.top": False,
                                "axes.spines.right": False, "legend.frameon": False})
    paths: list[Path] = []
    for domain, chosen in by_domain(rows):
        figure = _domain_figure(TITLES[domain], [r for r in chosen if r.task is not None], parameters(run))
        paths += _save(figure, folder / "figures" / domain)
    return paths


def _save(figure: Any, stem: Path) -> list[Path]:
    from matplotlib import pyplot

    paths = []
    for ending, metadata in (("png", {}), ("svg", {"Date": None})):
        path = stem.with_suffix(f".{ending}")
        with atomic_file(path) as draft:
            figure.savefig(draft, format=ending, dpi=150, bbox_inches="tight", metadata=metadata)
        paths.append(path)
    pyplot.close(figure)
    return paths


def _domain_figure(title: str, rows: list[Row], size: dict[str, int]) -> Any:
    from matplotlib import pyplot

    tasks = list(dict.fromkeys(str(r.task) for r in rows))
    figure, axes = pyplot.subplots(len(tasks), 2, figsize=(9.5, 3.4 * len(tasks)), squeeze=False)
    for (left, right), task in zip(axes, tasks, strict=True):
        chosen = [r for r in rows if r.task == task]
        _accuracy(left, chosen, size)
        _pgr(right, chosen, size)
        left.set_title(task, loc="left")
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    handles = {h.get_label(): h for row in axes for ax in row for h in ax.get_lines()
               if not h.get_label().startswith("_")}
    figure.legend(handles.values(), handles.keys(), loc="upper left", bbox_to_anchor=(1.0, 0.97))
    figure.tight_layout()
    return figure


def _accuracy(axis: Any, rows: list[Row], size: dict[str, int]) -> None:
    ceiling = {str(r.student): r.ceiling_accuracy for r in rows}
    points = sorted((size[s], 100 * (c or 0)) for s, c in ceiling.items())
    axis.plot(*zip(*points, strict=True), color="black", marker="o", label="ground truth (ceiling)")
    for k, teacher in enumerate(dict.fromkeys(r.teacher for r in rows)):
        level = next(r.teacher_accuracy for r in rows if r.teacher == teacher)
        axis.axhline(100 * (level or 0), color=COLOURS[k % len(COLOURS)], lw=0.8, alpha=0.7,
                     label=f"teacher {teacher}")
    _lines(axis, rows, size, lambda r: (100 * (r.student_accuracy or 0), None, None))
    axis.set_ylabel("test accuracy (%)")
    _size_axis(axis, rows, size)


def _pgr(axis: Any, rows: list[Row], size: dict[str, int]) -> None:
    shown = [r for r in rows if r.admitted and r.pgr is not None]
    _lines(axis, shown, size, lambda r: (r.pgr, r.pgr_low, r.pgr_high))
    axis.axhline(0, color="grey", lw=0.6)
    axis.axhline(1, color="black", lw=0.6, ls=":")
    axis.set_ylabel("PGR")
    if not shown:
        axis.text(0.5, 0.5, "no admitted cell", ha="center", va="center", transform=axis.transAxes, color="grey")
    _size_axis(axis, rows, size)


def _lines(axis: Any, rows: list[Row], size: dict[str, int],
           value: Callable[[Row], tuple[float | None, float | None, float | None]]) -> None:
    """A line for each teacher (colour) and method (dash and marker)."""
    teachers = list(dict.fromkeys(r.teacher for r in rows))
    methods = list(dict.fromkeys(r.method for r in rows))
    for teacher in teachers:
        for m, method in enumerate(methods):
            chosen = sorted((r for r in rows if (r.teacher, r.method) == (teacher, method)),
                            key=lambda r: size[str(r.student)])
            x = [size[str(r.student)] * (1 + 0.03 * m) for r in chosen]  # side by side, not on top
            values = [value(r) for r in chosen]
            errors = [[v[0] - v[1], v[2] - v[0]] if None not in v else [0, 0] for v in values]  # type: ignore[operator]
            axis.errorbar(x, [v[0] for v in values], yerr=list(zip(*errors, strict=True)) or None, capsize=2,
                          elinewidth=0.8, color=COLOURS[_index(rows, teacher) % len(COLOURS)],
                          marker=MARKERS[m % len(MARKERS)], ls=LINES[m % len(LINES)], ms=4)
            axis.plot([], [], color=COLOURS[_index(rows, teacher) % len(COLOURS)], marker=MARKERS[m % len(MARKERS)],
                      ls=LINES[m % len(LINES)], ms=4, label=f"{method} ← {teacher}")


def _index(rows: list[Row], teacher: str | None) -> int:
    return list(dict.fromkeys(r.teacher for r in rows)).index(teacher)


def _size_axis(axis: Any, rows: list[Row], size: dict[str, int]) -> None:
    axis.set_xscale("log")
    axis.set_xlabel("student size (parameters)")
    ticks = sorted({size[str(r.student)] for r in rows})
    axis.set_xticks(ticks, [_short(t) for t in ticks])
    axis.minorticks_off()


def _short(count: int) -> str:
    for scale, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= scale:
            return f"{count / scale:.3g}{unit}"
    return str(count)
