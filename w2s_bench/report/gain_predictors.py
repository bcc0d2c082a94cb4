"""Predict the gain without gold: its rank correlation with disagreement over a run's cells.

A student that disagrees with its teacher has room to be better (Burns et al. 2023, section 5.1, on
agreement); a similarity adjusted for chance asks the same where options are few (Goel et al. 2025, arXiv
2502.04313, who call for such a measure between supervisor and student).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2s_bench.records import TableRow

LEAST = 5  # cells below which nothing is ranked


@dataclass(frozen=True, slots=True)
class Predictor:
    """Spearman's rank correlations with the gain over the ``cells`` of a domain; None for a constant value.

    Values are taken less the mean of their task, teacher and student, so that methods differ and not tasks.
    """

    domain: str
    cells: int
    disagreement: float | None
    dissimilarity: float | None


def predictors(rows: Sequence[TableRow]) -> list[Predictor]:
    """Predictors by domain, over admitted cells that are no reference rows."""
    predicted = []
    for domain in dict.fromkeys(r.domain for r in rows):
        cells = [
            r
            for r in rows
            if r.domain == domain and r.task is not None and r.admitted and not r.reference
            if None not in (r.gain, r.agreement, r.similarity)
        ]
        if len(cells) >= LEAST:
            predicted.append(_of(domain, cells))
    return predicted


def _of(domain: str, rows: list[TableRow]) -> Predictor:
    values = np.array([[r.gain, -float(r.agreement or 0), -float(r.similarity or 0)] for r in rows])
    places = [(r.task, r.teacher, r.student) for r in rows]
    for place in set(places):
        own = [i for i, p in enumerate(places) if p == place]
        values[own] -= values[own].mean(0)
    return Predictor(domain, len(rows), *(_spearman(values[:, 0], values[:, k]) for k in (1, 2)))


def _spearman(one: np.ndarray, other: np.ndarray) -> float | None:
    from scipy.stats import rankdata  # slow to import, and many verbs only read notes

    ranks = [rankdata(v.round(9)) for v in (one, other)]  # equal but for rounding is equal
    if any(np.ptp(r) == 0 for r in ranks):
        return None
    return float(np.corrcoef(*ranks)[0, 1])


def predictor_notes(rows: Sequence[TableRow]) -> list[str]:
    """One line for each domain with a predictor."""
    return [
        f"without gold, {p.domain}: rank correlation of the gain over {p.cells} cells (less their "
        f"task's and pair's mean) with disagreement {_short(p.disagreement)}, with 1 − Cohen's kappa "
        f"{_short(p.dissimilarity)}"
        for p in predictors(rows)
    ]


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"
