"""Saliency: PGR of the untrained student (zero-shot) against PGR after finetuning on weak labels.

Burns et al. 2023 (section 5) ask whether weak-to-strong generalization only elicits what is salient to the
strong model already. Zero-shot rows show how much that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2s_bench.pgr.row_stats import ZERO_SHOT
from w2s_bench.records import TableRow
from w2s_bench.report.figure_style import COLOURS, MARKERS, arrange, domain_panels, unique
from w2s_bench.report.html_tables import where
from w2s_bench.report.tables import by_domain

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


def correlation(cells: Sequence[Point]) -> float | None:
    """Spearman's rank correlation of before and after; None for fewer than four cells or equal values."""
    from scipy.stats import spearmanr

    x, y = ([getattr(p, name) for p in cells] for name in ("before", "after"))
    if len(cells) < 4 or len(set(x)) == 1 or len(set(y)) == 1:
        return None
    return float(spearmanr(x, y).statistic)


def draw_saliency(rows: Sequence[TableRow]) -> Any | None:
    """Draw before against after, a panel a domain; None where no cell has a zero-shot row."""
    drawn = points(rows)
    domains = [d for d, _ in by_domain(list(rows)) if any(p.domain == d for p in drawn)]
    if not domains:
        return None
    figure, axes = domain_panels(domains, height=3.6, width=4.3)
    for axis, domain in zip(axes[0], domains, strict=True):
        _panel(axis, [p for p in drawn if p.domain == domain])
    axes[0][0].set_ylabel("PGR of the finetuned student")
    axes[0][-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    arrange(figure)
    return figure


def _panel(axis: Any, cells: list[Point]) -> None:
    for k, method in enumerate(m for m in SHOWN if m in unique(p.method for p in cells)):
        own = [p for p in cells if p.method == method]
        x, y = (np.array([getattr(p, name) for p in own]) for name in ("before", "after"))
        axis.plot(x, y, ls="", marker=MARKERS[k], color=COLOURS[k], ms=6, alpha=0.85, label=method)
    ends = [min(p.before for p in cells), max(p.before for p in cells)]
    axis.plot(ends, ends, color="grey", lw=0.8, label="no change by finetuning")
    axis.axhline(0, color="grey", lw=0.5)
    rho = correlation([p for p in cells if p.method == SHOWN[0]])
    if rho is not None:
        label = f"{SHOWN[0]}: rank correlation {rho:+.2f}"
        axis.text(0.98, 0.03, label, ha="right", transform=axis.transAxes, fontsize=8)
    axis.set_xlabel("PGR of the untrained student (zero-shot)")
