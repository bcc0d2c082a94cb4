"""Performance gap recovered, one cell and pooled, and its intervals.

Shapes: C cells. All intervals are two-sided at ``level``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval; a bound is None where the data do not bound that side."""

    low: float | None
    high: float | None

    @property
    def bounded(self) -> bool:
        """Whether both bounds are known."""
        return self.low is not None and self.high is not None


UNBOUNDED = Interval(None, None)


def pgr(teacher: float, student: float, ceiling: float) -> float | None:
    """Performance gap recovered, (student − teacher) / (ceiling − teacher) (Burns et al. 2023, §3).

    Never clamped: negative and above-one values are results. None where the gap is not positive,
    because a ratio over it means nothing.
    """
    gap = ceiling - teacher
    return (student - teacher) / gap if gap > 0 else None


def pooled_pgr(teacher: Floats, student: Floats, ceiling: Floats) -> float | None:
    """Σ(student − teacher) / Σ(ceiling − teacher) over C cells; None where the sum of gaps is not > 0.

    The ratio of sums is nearly unbiased where the mean of ratios has no variance at all; dropping
    the cells with a bad gap instead would bias it upwards.
    """
    return pgr(float(np.sum(teacher)), float(np.sum(student)), float(np.sum(ceiling)))


def iqm(values: Floats) -> float:
    """Interquartile mean of ``[C]`` values: the mean of the middle half, values at its ends counted in part.

    A mean that no quarter of the cells at either end can move (Agarwal et al. 2021, arXiv 2108.13264, who
    drop whole values).
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    ends = np.arange(ordered.size + 1) / ordered.size
    weights = np.clip(np.minimum(ends[1:], 0.75) - np.maximum(ends[:-1], 0.25), 0.0, None)
    return float(weights @ ordered / weights.sum())


def t_quantile(share: float, degrees: Floats | float) -> Floats:
    """Quantiles of Student's t, in the shape of ``degrees``; of a normal where these are infinite."""
    return np.asarray(stdtrit(degrees, share), dtype=np.float64)
