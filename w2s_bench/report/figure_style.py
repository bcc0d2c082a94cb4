"""Style of all figures: colours and marks safe for the colour-blind, axes of size, files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_bench.records import TableRow
from w2s_bench.report.tables import TITLES
from w2s_bench.store.local import atomic_file

# Okabe–Ito: safe for the colour-blind
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLUE_ORANGE = ("#B35806", "#F1A340", "#F7F7F7", "#67A9CF", "#2166AC")  # below nought to above it
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", ":", "-.")
SVG_SALT = "w2s-bench"  # element ids of an SVG follow from it: equal runs draw equal files
MOST_METHODS = len(MARKERS)  # of one panel: each has its own marker


def set_up() -> None:
    """Set matplotlib up to draw without a screen, in the style of the project."""
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


def arrange(figure: Any) -> None:
    """Fit the panels into the figure once; a layout engine of the figure would do so before each file."""
    from matplotlib.layout_engine import TightLayoutEngine

    TightLayoutEngine().execute(figure)


def save(figure: Any, stem: Path) -> list[Path]:
    """Write ``stem``.png and .svg, cut to what is drawn, and close the figure."""
    from matplotlib import pyplot

    box = figure.get_tightbbox().padded(0.1)  # measured once: "tight" would draw each file twice
    paths = []
    for ending, metadata in (("png", {}), ("svg", {"Date": None})):
        path = stem.with_suffix(f".{ending}")
        with atomic_file(path) as draft:
            figure.savefig(draft, format=ending, dpi=150, bbox_inches=box, metadata=metadata)
        paths.append(path)
    pyplot.close(figure)
    return paths


@dataclass(frozen=True, slots=True)
class Look:
    """Style of all panels of a figure: model sizes, a colour for each teacher, a mark for each method."""

    size: dict[str, int]
    teachers: list[str]
    methods: list[str]

    def colour(self, teacher: str) -> str:
        """The colour of a teacher; colours repeat where teachers outnumber them."""
        return COLOURS[self.teachers.index(teacher) % len(COLOURS)]

    def mark(self, method: str) -> dict[str, Any]:
        """Marker and dashes of a method."""
        k = self.methods.index(method)
        return {"marker": MARKERS[k % len(MARKERS)], "ls": LINES[k % len(LINES)], "ms": 5, "lw": 1.4}

    def aside(self, method: str) -> float:
        """Factor on student size that draws methods side by side, not on top of each other."""
        return 1.04 ** (self.methods.index(method) - (len(self.methods) - 1) / 2)


def look_of(rows: list[TableRow], size: dict[str, int]) -> Look:
    """Teachers and methods in the order of the rows."""
    return Look(size, unique(str(r.teacher) for r in rows), unique(r.method for r in rows))


def scored(rows: list[TableRow]) -> list[TableRow]:
    """Cells that figures draw: those with a student, without reference rows."""
    return [r for r in rows if r.task is not None and not r.reference and r.failed is None]


def drawn(rows: list[TableRow]) -> tuple[list[TableRow], int]:
    """Cells of at most :data:`MOST_METHODS` methods, and how many methods are left out.

    Naive stays, and of the others those with the best mean lead over it.
    """
    methods = unique(r.method for r in rows)
    if len(methods) <= MOST_METHODS:
        return rows, 0
    lead = {m: [r.over_naive or 0.0 for r in rows if r.method == m] for m in methods}
    mean = {m: sum(leads) / len(leads) for m, leads in lead.items()}
    best = sorted(methods, key=lambda m: (m != "naive", -mean[m]))[:MOST_METHODS]
    return [r for r in rows if r.method in best], len(methods) - len(best)


def line_style(k: int, *, marker: bool = False) -> dict[str, Any]:
    """Colour and dashes of the k-th line of a panel, and its marker if asked for."""
    style = {"color": COLOURS[k % len(COLOURS)], "ls": LINES[k % len(LINES)]}
    return style | ({"marker": MARKERS[k % len(MARKERS)], "ms": 5} if marker else {})


def domain_panels(domains: Sequence[str], rows: int = 1, height: float = 3.4, width: float = 4.75) -> Any:
    """A figure with a titled column for each domain, and its axes ``[rows, domains]``."""
    from matplotlib import pyplot

    size = (width * len(domains), height)
    figure, axes = pyplot.subplots(rows, len(domains), figsize=size, squeeze=False)
    for axis, domain in zip(axes[0], domains, strict=True):
        axis.set_title(TITLES[domain], loc="left")
    return figure, axes


def unique(names: Iterable[str]) -> list[str]:
    """Names without repetition, in order."""
    return list(dict.fromkeys(names))


def legend(figure: Any, look: Look, left_out: int = 0, ceiling: bool = True) -> None:
    """Teachers by colour and methods by mark, beside the panels."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color="black", marker="o", ms=5, label="ground truth (ceiling)")]
    handles = handles if ceiling else []
    handles += [Line2D([], [], color=look.colour(t), lw=3, label=f"teacher {t}") for t in look.teachers]
    handles += [Line2D([], [], color="grey", label=m, **look.mark(m)) for m in look.methods]
    if left_out:
        handles.append(Line2D([], [], ls="", label=f"not drawn: {left_out} methods behind these"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 0.95))


def size_axis(axis: Any, rows: list[TableRow], look: Look) -> None:
    """Student size, logarithmic, with a tick for each student."""
    ticks = sorted({look.size[str(r.student)] for r in rows})
    axis.set_xscale("log")
    axis.set_xlim(ticks[0] / 1.4, ticks[-1] * 1.4)
    axis.set_xlabel("student size (parameters)")
    axis.set_xticks(ticks, [short(t) for t in ticks])
    axis.minorticks_off()


def short(count: int) -> str:
    """A count with three digits and a unit."""
    for scale, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= scale:
            return f"{count / scale:.3g}{unit}"
    return str(count)


def nothing(axis: Any, why: str) -> None:
    """Write into an empty panel why it is empty."""
    axis.text(0.5, 0.5, why, ha="center", va="center", transform=axis.transAxes, color="grey")
