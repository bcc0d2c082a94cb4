"""Hierarchical paired bootstrap over seeds and items, with teacher, student and ceiling drawn jointly.

Tables use :mod:`w2s_bench.stats.intervals`, whose intervals cover better; this is what they are measured
against. Shapes: S seeds, N test items, R resamples; ``correct`` holds 0 or 1 for each seed and item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from w2s_bench.stats.pgr import UNBOUNDED, Floats, Interval

RESAMPLES = 2000


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
