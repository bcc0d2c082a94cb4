"""Performance gap recovered, one cell and pooled, and its intervals.

Shapes: S seeds, N test items, R bootstrap resamples, C cells. ``correct`` arrays hold 0/1 (or a
probability of being right) per seed and item. All intervals are two-sided at ``level``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval; a bound is None where the data do not bound that side."""

    low: float | None
    high: float | None

    @property
    def bounded(self) -> bool:
        """Both ends exist."""
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


def resample_weights(n: int, resamples: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Bootstrap weights ``[R, n]``: how often each of n units is drawn, divided by n (rows sum to 1)."""
    drawn = rng.integers(0, n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=resamples * n).reshape(resamples, n)
    return (counts / n).astype(np.float32)


def accuracy_draws(correct: NDArray, seeds: NDArray[np.float32], items: NDArray[np.float32]) -> Floats:
    """Accuracy of ``correct [S, N]`` in each of R paired resamples, given weights ``[R, S]`` and ``[R, N]``.

    The same weights must be used for teacher, student, ceiling and rival: that is the pairing.
    """
    by_seed = items @ np.asarray(correct, dtype=np.float32).T  # [R, S]
    return np.einsum("rs,rs->r", by_seed, seeds).astype(np.float64)


def percentile_interval(draws: Floats, level: float = 0.95) -> Interval:
    """The central ``level`` share of bootstrap draws ``[R]``."""
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Interval(float(low), float(high))


def ratio_interval(numerator: Floats, denominator: Floats, level: float = 0.95) -> Interval:
    """Percentile interval of a ratio of draws ``[R]``; unbounded where the denominator's reaches 0.

    Otherwise less than a tail of the denominators is not positive; such draws have no ratio.
    """
    if percentile_interval(denominator, level).low <= 0:  # type: ignore[operator]
        return UNBOUNDED
    some = denominator > 0
    return percentile_interval(numerator[some] / denominator[some], level)


def fieller(numerator: float, denominator: float, covariance: NDArray, level: float = 0.95) -> Interval:
    """Fieller's interval of a ratio of two normal means with ``covariance [2, 2]`` (Fieller 1954).

    Unbounded where the denominator is not separated from 0 at this level: then every value of the
    ratio, or all but a gap in the middle, is compatible with the data.
    """
    z2 = float(norm.ppf(0.5 + level / 2) ** 2)
    (vaa, vab), (_, vbb) = np.asarray(covariance, dtype=np.float64)
    a = denominator**2 - z2 * vbb
    if denominator <= 0 or a <= 0:
        return UNBOUNDED
    b = numerator * denominator - z2 * vab
    c = numerator**2 - z2 * vaa
    root = float(np.sqrt(max(b * b - a * c, 0.0)))
    return Interval(float((b - root) / a), float((b + root) / a))


def cell_interval(
    teacher: Floats,
    student: Floats,
    ceiling: Floats,
    points: tuple[float, float, float],
    level: float = 0.95,
) -> Interval:
    """Interval for the PGR of one cell from paired accuracy draws ``[R]`` and the point accuracies.

    Fieller's method with the bootstrap's covariance: exact about an uncertain denominator, where a
    percentile interval of a ratio pretends to know its sign.
    """
    covariance = np.cov(np.stack([student - teacher, ceiling - teacher]))
    t, s, c = points
    return fieller(s - t, c - t, covariance, level)
