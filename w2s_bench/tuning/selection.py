"""Selection of options: by weak labels of items that a trial was not trained on, and by nothing else.

Agreement with the own teacher would reward copies of its errors. So trials are scored by agreement with a
second weak teacher whose errors differ: a bag of words, finetuned on the same half. Its labels are poor, but
equally so for every student.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_bench.stats import t_quantile

CHANCE = 0.05  # of taking options for better that are not


@dataclass(frozen=True, slots=True)
class Judged:
    """Of one cell, item by item ``[N]`` (0 or 1): agreement with the second teacher, and with its own."""

    agrees: NDArray[np.float64]
    copies: NDArray[np.float64]

    @property
    def score(self) -> float:
        """Agreement with the second teacher, which the search maximises."""
        return float(self.agrees.mean())

    @property
    def agreement(self) -> float:
        """Agreement with the student's own teacher, which the search does not use."""
        return float(self.copies.mean())


def judge(student: NDArray[np.float32], second: NDArray[np.float32], own: NDArray[np.float32]) -> Judged:
    """Probabilities of the validation items ``[N, O]``: the student's, the second teacher's, its own's."""
    picked = student.argmax(1)
    return Judged(*((picked == labels.argmax(1)).astype(np.float64) for labels in (second, own)))


def mean_score(cells: dict[str, list[Judged]]) -> float:
    """Mean over tasks of the mean over a task's cells: each task counts the same."""
    return float(np.mean([np.mean([cell.score for cell in own]) for own in cells.values()]))


@dataclass(frozen=True, slots=True)
class Lead:
    """The lead of one trial over another, its standard error and the error's degrees of freedom."""

    value: float
    error: float
    degrees: float

    def clear(self, others: int) -> bool:
        """Whether the lead is significant for the best of ``others`` trials.

        The test is Student's t at 5%, one-sided, with Bonferroni's correction.
        """
        return self.value > self.needed(others)

    def needed(self, others: int) -> float:
        """The lead that is clear among ``others`` trials."""
        return float(t_quantile(1 - CHANCE / max(others, 1), self.degrees)) * self.error


def lead(one: dict[str, list[Judged]], other: dict[str, list[Judged]]) -> Lead:
    """The lead of ``one`` over ``other``, both by task with one cell a seed, paired.

    Each seed has its own halves and validation items, so the variance between seeds covers all chance; it is
    pooled over tasks. With one seed the variance is that of items alone.
    """
    gaps = [[a.agrees - b.agrees for a, b in zip(one[t], other[t], strict=True)] for t in one]
    means = [np.array([float(gap.mean()) for gap in gap_of]) for gap_of in gaps]
    value = float(np.mean([m.mean() for m in means]))
    degrees = sum(len(m) - 1 for m in means)
    if degrees == 0:
        variance = sum(float(g.var()) / len(g) for gap_of in gaps for g in gap_of)
        return Lead(value, float(np.sqrt(variance)) / len(means), np.inf)
    spread = sum(float(((m - m.mean()) ** 2).sum()) for m in means) / degrees
    variance = sum(spread / len(m) for m in means)
    return Lead(value, float(np.sqrt(variance)) / len(means), degrees)
