"""How a student's answers relate to its teacher's and to gold.

Shapes: N items (any number of leading axes is taken as more items).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Shares of items; None where there is no item of the kind.

    ``everywhere``: student and teacher pick the same option. ``teacher_right``: the same among items that the
    teacher has right; the others are ``new_errors``. ``teacher_wrong``: the same among the teacher's errors
    (copied errors). ``corrected``: the share of the teacher's errors that the student has right.
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
    """The share of flags that are set (booleans, or 0 and 1): faster than their mean."""
    return int(np.count_nonzero(flags)) / flags.size


def chance_adjusted_similarity(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Cohen's kappa of two models' picks ``[N]``: agreement above what their shares of each option give.

    Needs no gold. 1 for equal picks, 0 for independent ones; 1 where both always pick one and the same.
    """
    options = 1 + int(max(np.max(one), np.max(other)))
    shares = [np.bincount(np.ravel(picks), minlength=options) / np.size(picks) for picks in (one, other)]
    expected = float(shares[0] @ shares[1])
    observed = share(np.asarray(one) == np.asarray(other))
    return 1.0 if expected == 1.0 else (observed - expected) / (1.0 - expected)
