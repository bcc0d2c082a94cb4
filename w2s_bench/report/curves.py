"""Scaling curves: accuracy and PGR against student size, a colour for each teacher, ground truth in black."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_bench.records import Row
from w2s_bench.report.frame import parameters
from w2s_bench.report.tables import TITLES, by_domain
from w2s_bench.rundir import Run
from w2s_bench.store import atomic_file

COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
)  # Okabe–Ito: safe for the colour-blind
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", ":", "-.")
SVG_SALT = "w2s-bench"  # element ids of an SVG follow from it: equal runs draw equal files


def draw_curves(folder: Path, run: Run, rows: list[Row]) -> list[Path]:
    """Write ``figures/<domain>.png`` and ``.svg``: a row of panels for each task."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update(
        {
            "svg.hashsalt": SVG_SALT,
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
        }
    )
    paths: list[Path] = []
    for domain, chosen in by_domain(rows):
        cells = [r for r in chosen if r.task is not None and not r.reference and r.failed is None]
        if not cells:
            continue
        figure = _domain_figure(TITLES[domain], cells, parameters(run))
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


@dataclass(frozen=True, slots=True)
class _Look:
    """What all panels of a figure share: model sizes, a colour for each teacher, a mark for each method."""

    size: dict[str, int]
    teachers: list[str]
    methods: list[str]

    def colour(self, teacher: str) -> str:
        return COLOURS[self.teachers.index(teacher) % len(COLOURS)]

    def mark(self, method: str) -> dict[str, Any]:
        k = self.methods.index(method)
        return {"marker": MARKERS[k % len(MARKERS)], "ls": LINES[k % len(LINES)], "ms": 5, "lw": 1.4}

    def aside(self, method: str) -> float:
        """Methods stand side by side at one size, not on top of each other."""
        return 1.04 ** (self.methods.index(method) - (len(self.methods) - 1) / 2)


def _domain_figure(title: str, rows: list[Row], size: dict[str, int]) -> Any:
    from matplotlib import pyplot

    look = _Look(size, _unique(str(r.teacher) for r in rows), _unique(r.method for r in rows))
    tasks = _unique(str(r.task) for r in rows)
    figure, axes = pyplot.subplots(len(tasks), 2, figsize=(9.5, 3.4 * len(tasks)), squeeze=False)
    for (left, right), task in zip(axes, tasks, strict=True):
        chosen = [r for r in rows if r.task == task]
        left.set_title(task, loc="left")
        _accuracy(left, chosen, look)
        _pgr(right, chosen, look)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    figure.tight_layout()
    _legend(figure, look)
    return figure


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _accuracy(axis: Any, rows: list[Row], look: _Look) -> None:
    ceilings = sorted({(look.size[str(r.student)], 100 * (r.ceiling_accuracy or 0)) for r in rows})
    axis.plot(*zip(*ceilings, strict=True), color="black", marker="o", ms=5)
    for r in {str(r.teacher): r for r in rows}.values():
        axis.axhline(100 * (r.teacher_accuracy or 0), color=look.colour(str(r.teacher)), lw=0.9, alpha=0.6)
    _lines(axis, rows, look, lambda r: (100 * (r.student_accuracy or 0), 0.0, 0.0))
    axis.set_ylabel("test accuracy (%)")
    _size_axis(axis, rows, look)


def _pgr(axis: Any, rows: list[Row], look: _Look) -> None:
    shown = [r for r in rows if r.admitted and r.pgr is not None]
    _lines(axis, shown, look, _pgr_with_errors)
    for level, dots in ((0, "-"), (1, ":")):
        axis.axhline(level, color="grey", lw=0.7, ls=dots, zorder=0)
    points = [r.pgr for r in shown if r.pgr is not None]
    axis.set_ylim(min([0.0, *points]) - 0.3, max([1.0, *points]) + 0.1)  # a wide interval runs out of view
    axis.set_ylabel("PGR")
    if not shown:
        axis.text(
            0.5, 0.5, "no admitted cell", ha="center", va="center", transform=axis.transAxes, color="grey"
        )
    _size_axis(axis, rows, look)


def _pgr_with_errors(row: Row) -> tuple[float, float, float]:
    """PGR and the lengths of its error bar; an unbounded interval has none."""
    assert row.pgr is not None
    if row.pgr_low is None or row.pgr_high is None:
        return row.pgr, 0.0, 0.0
    return row.pgr, max(0.0, row.pgr - row.pgr_low), max(0.0, row.pgr_high - row.pgr)


def _lines(
    axis: Any, rows: list[Row], look: _Look, value: Callable[[Row], tuple[float, float, float]]
) -> None:
    for teacher in look.teachers:
        for method in look.methods:
            chosen = [r for r in rows if (r.teacher, r.method) == (teacher, method)]
            points = sorted((look.size[str(r.student)] * look.aside(method), *value(r)) for r in chosen)
            if points:
                x, y, down, up = zip(*points, strict=True)
                axis.errorbar(
                    x,
                    y,
                    yerr=(down, up),
                    capsize=2,
                    elinewidth=0.8,
                    color=look.colour(teacher),
                    alpha=0.9,
                    **look.mark(method),
                )


def _legend(figure: Any, look: _Look) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color="black", marker="o", ms=5, label="ground truth (ceiling)")]
    handles += [Line2D([], [], color=look.colour(t), lw=3, label=f"teacher {t}") for t in look.teachers]
    handles += [Line2D([], [], color="grey", label=m, **look.mark(m)) for m in look.methods]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 0.95))


def _size_axis(axis: Any, rows: list[Row], look: _Look) -> None:
    ticks = sorted({look.size[str(r.student)] for r in rows})
    axis.set_xscale("log")
    axis.set_xlim(ticks[0] / 1.4, ticks[-1] * 1.4)
    axis.set_xlabel("student size (parameters)")
    axis.set_xticks(ticks, [_short(t) for t in ticks])
    axis.minorticks_off()


def _short(count: int) -> str:
    for scale, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= scale:
            return f"{count / scale:.3g}{unit}"
    return str(count)
