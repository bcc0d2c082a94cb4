"""How a student's answers relate to its teacher's and to gold, and how sure they are.

Shapes: N items (any number of leading axes is taken as more items), O options.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Shares of items; None where there is no item of the kind.

    ``everywhere``: student and teacher pick the same option. ``teacher_right``: the same among items that the
    teacher has right; what is missing to 1 there are ``new_errors``. ``teacher_wrong``: the same among its
    errors, which the student then inherits; ``corrected``: the share of them that the student has right. In
    between are errors that differ, where there are more than two options.
    """

    everywhere: float
    teacher_right: float | None
    teacher_wrong: float | None
    corrected: float | None
    new_errors: float | None


def agreement(
    same: NDArray[np.bool_], student_right: NDArray[np.bool_], teacher_right: NDArray[np.bool_]
) -> Agreement:
    """From where student and teacher pick the ``same``, and where each is right, ``[N]`` each."""
    return Agreement(
        everywhere=share(same),
        teacher_right=_share(same, teacher_right),
        teacher_wrong=_share(same, ~teacher_right),
        corrected=_share(student_right, ~teacher_right),
        new_errors=_share(~student_right, teacher_right),
    )


def _share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> float | None:
    return share(of[among]) if among.any() else None


def share(flags: NDArray) -> float:
    """Of flags that are set, which may be bytes of 0 and 1: their mean, but without the cost of one."""
    return int(np.count_nonzero(flags)) / flags.size


def calibration_error(confidence: NDArray, correct: NDArray, bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017, arXiv 1706.04599), in bins of equal width.

    The mean over items of the distance between accuracy and mean confidence in their bin. ``confidence`` of
    the option picked and ``correct`` (0 or 1) have shape ``[N]``.
    """
    sure, right = np.ravel(confidence).astype(np.float64), np.ravel(correct).astype(np.float64)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = np.bincount(place, right - sure, bins)
    return float(np.abs(gaps).sum() / sure.size)


def brier_score(probabilities: NDArray, gold: NDArray[np.integer]) -> float:
    """Mean squared distance of ``probabilities [N, O]`` from one-hot gold ``[N]`` (Brier 1950): 0 to 2."""
    squares = (np.asarray(probabilities, dtype=np.float64) ** 2).sum(1)
    picked = np.asarray(probabilities, dtype=np.float64)[np.arange(len(gold)), gold]
    return float((squares - 2 * picked + 1).mean())


def chance_adjusted_similarity(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Cohen's kappa of two models' picks ``[N]``: agreement above what their shares of each option give.

    Needs no gold. 1 for equal picks, 0 for independent ones; 1 where both always pick one and the same.
    """
    options = 1 + int(max(np.max(one), np.max(other)))
    shares = [np.bincount(np.ravel(picks), minlength=options) / np.size(picks) for picks in (one, other)]
    expected = float(shares[0] @ shares[1])
    observed = share(np.asarray(one) == np.asarray(other))
    return 1.0 if expected == 1.0 else (observed - expected) / (1.0 - expected)
