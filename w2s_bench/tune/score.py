"""How a trial is judged: by weak labels of items that it was not trained on, and by nothing else.

A student that agrees with its own teacher everywhere has learnt to copy it, and what it gets right against
its teacher counts as an error. So the judge is a second weak teacher that has learnt nothing before and errs
otherwise: a bag of words, finetuned on the same half. Its labels are poor, but for every student alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Judged:
    """Of one cell, item by item ``[N]`` (0 or 1): agreement with the second teacher, and with its own."""

    agrees: NDArray[np.float64]
    copies: NDArray[np.float64]

    @property
    def score(self) -> float:
        """Agreement with the second teacher: what is selected by."""
        return float(self.agrees.mean())

    @property
    def agreement(self) -> float:
        """Agreement with its own teacher: told, not used."""
        return float(self.copies.mean())


def judge(student: NDArray[np.float32], second: NDArray[np.float32], own: NDArray[np.float32]) -> Judged:
    """Probabilities of the validation items ``[N, O]``: the student's, the second teacher's, its own's."""
    picked = student.argmax(1)
    return Judged(*((picked == labels.argmax(1)).astype(np.float64) for labels in (second, own)))


def mean_score(cells: list[Judged]) -> float:
    """Mean over cells: each task counts the same."""
    return float(np.mean([cell.score for cell in cells]))


def lead(one: list[Judged], other: list[Judged]) -> tuple[float, float]:
    """By how much ``one`` scores above ``other`` and the standard error of that, paired by items.

    Both are lists over the same cells.
    """
    differences = [a.agrees - b.agrees for a, b in zip(one, other, strict=True)]
    means = [float(d.mean()) for d in differences]
    variances = [float(d.var()) / len(d) for d in differences]
    return float(np.mean(means)), float(np.sqrt(np.sum(variances)) / len(differences))
