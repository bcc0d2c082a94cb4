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


def t_quantile(share: float, degrees: float) -> float:
    """Quantile of Student's t (a normal's with infinite ``degrees`` of freedom)."""
    return float(stdtrit(degrees, share))


def fieller(
    numerator: float, denominator: float, covariance: NDArray, level: float = 0.95, degrees: float = np.inf
) -> Interval:
    """Fieller's interval of a ratio of two normal means with ``covariance [2, 2]``, estimated with so many
    ``degrees`` of freedom (Fieller 1954).

    Unbounded where the denominator is not separated from 0 at this level: then every value of the
    ratio, or all but a gap in the middle, is compatible with the data.
    """
    q = t_quantile(0.5 + level / 2, degrees) ** 2
    (vaa, vab), (_, vbb) = np.asarray(covariance, dtype=np.float64)
    a = denominator**2 - q * vbb
    if denominator <= 0 or a <= 0:
        return UNBOUNDED
    b = numerator * denominator - q * vab
    c = numerator**2 - q * vaa
    root = float(np.sqrt(max(b * b - a * c, 0.0)))
    return Interval(float((b - root) / a), float((b + root) / a))
