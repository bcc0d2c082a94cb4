"""Saliency: how much of a task the student shows before finetuning, against what weak labels make of it.

Burns et al. 2023 (section 5) ask whether weak-to-strong generalization only draws out what is salient to the
strong model already. What a run holds of that is the zero-shot row: the untrained student's accuracy on the
way from its teacher (0) to its ceiling (1), a PGR without any training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2s_bench.pgr.row_stats import ZERO_SHOT
from w2s_bench.records import TableRow
from w2s_bench.report.figure_style import COLOURS, MARKERS, arrange, unique
from w2s_bench.report.html_tables import where
from w2s_bench.report.tables import TITLES, by_domain

SHOWN = ("naive", "confidence")  # the plain method, and the paper's


@dataclass(frozen=True, slots=True)
class Point:
    """An admitted cell: the untrained student's PGR and that of a method."""

    domain: str
    method: str
    task: str
    before: float
    after: float


def points(rows: Sequence[TableRow]) -> list[Point]:
    """Admitted cells of :data:`SHOWN` whose place has a zero-shot row, in the order of the rows."""
    cells = [
        r for r in rows if r.task is not None and r.admitted and r.pgr is not None and r.companion is None
    ]
    before = {where(r)[:3]: r.pgr for r in cells if r.method == ZERO_SHOT}
    return [
        Point(r.domain, r.method, str(r.task), float(before[where(r)[:3]] or 0.0), float(r.pgr or 0.0))
        for r in cells
        if r.method in SHOWN and where(r)[:3] in before
    ]


def correlation(found: Sequence[Point]) -> float | None:
    """Spearman's rank correlation of before and after; None for fewer than four cells or no spread."""
    from scipy.stats import spearmanr

    x, y = ([getattr(p, name) for p in found] for name in ("before", "after"))
    if len(found) < 4 or len(set(x)) == 1 or len(set(y)) == 1:
        return None
    return float(spearmanr(x, y).statistic)


def draw_saliency(rows: Sequence[TableRow]) -> Any | None:
    """A panel a domain; None where no cell has a zero-shot row."""
    from matplotlib import pyplot

    found = points(rows)
    domains = [d for d, _ in by_domain(list(rows)) if any(p.domain == d for p in found)]
    if not domains:
        return None
    figure, axes = pyplot.subplots(1, len(domains), figsize=(4.3 * len(domains), 3.6), squeeze=False)
    for axis, domain in zip(axes[0], domains, strict=True):
        _panel(axis, [p for p in found if p.domain == domain])
        axis.set_title(TITLES[domain], loc="left")
    axes[0][0].set_ylabel("PGR of the finetuned student")
    axes[0][-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    arrange(figure)
    return figure


def _panel(axis: Any, found: list[Point]) -> None:
    for k, method in enumerate(m for m in SHOWN if m in unique(p.method for p in found)):
        mine = [p for p in found if p.method == method]
        x, y = (np.array([getattr(p, name) for p in mine]) for name in ("before", "after"))
        axis.plot(x, y, ls="", marker=MARKERS[k], color=COLOURS[k], ms=6, alpha=0.85, label=method)
    ends = [min(p.before for p in found), max(p.before for p in found)]
    axis.plot(ends, ends, color="grey", lw=0.8, label="no change by finetuning")
    axis.axhline(0, color="grey", lw=0.5)
    rho = correlation([p for p in found if p.method == SHOWN[0]])
    if rho is not None:
        told = f"{SHOWN[0]}: rank correlation {rho:+.2f}"
        axis.text(0.98, 0.03, told, ha="right", transform=axis.transAxes, fontsize=8)
    axis.set_xlabel("PGR of the untrained student (zero-shot)")
