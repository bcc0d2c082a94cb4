"""How a trial is judged: by weak labels of items that it was not trained on, and by nothing else.

A student that agrees with its teacher everywhere has learnt to copy it. On the items of which the teacher is
sure it is mostly right, so disagreement there is mostly the student's error: selection looks at these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SURE = 0.5  # the share of the validation items of which the teacher is surest


@dataclass(frozen=True, slots=True)
class Judged:
    """Agreement with the teacher ``[N]`` (0 or 1) and whether it is sure of the item ``[N]``, of one cell."""

    agrees: NDArray[np.float64]
    sure: NDArray[np.bool_]

    @property
    def score(self) -> float:
        """Agreement on the sure items: what is selected by."""
        return float(self.agrees[self.sure].mean())

    @property
    def agreement(self) -> float:
        """Agreement on all items: told, not used."""
        return float(self.agrees.mean())


def judge(student: NDArray[np.float32], teacher: NDArray[np.float32]) -> Judged:
    """A student's and its teacher's probabilities ``[N, O]`` of the validation items."""
    width = min(student.shape[1], teacher.shape[1])
    agrees = student[:, :width].argmax(1) == teacher[:, :width].argmax(1)
    sure = np.zeros(len(teacher), dtype=bool)
    sure[np.argsort(-teacher.max(1), kind="stable")[: max(1, round(SURE * len(teacher)))]] = True
    return Judged(agrees.astype(np.float64), sure)


def mean_score(cells: list[Judged]) -> float:
    """Mean over cells: each task counts the same."""
    return float(np.mean([cell.score for cell in cells]))


def lead(one: list[Judged], other: list[Judged]) -> tuple[float, float]:
    """By how much ``one`` scores above ``other`` and the standard error of that, paired by items.

    Both are lists over the same cells.
    """
    differences = [a.agrees[a.sure] - b.agrees[b.sure] for a, b in zip(one, other, strict=True)]
    means = [float(d.mean()) for d in differences]
    variances = [float(d.var()) / len(d) for d in differences]
    return float(np.mean(means)), float(np.sqrt(np.sum(variances)) / len(differences))
