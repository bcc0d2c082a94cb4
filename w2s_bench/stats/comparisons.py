"""Methods against each other: tests, corrections for many of them, and what a suite can detect at all.

Shapes: U units whose differences may flip sign (a seed of a cell), S seeds, C cells, T thresholds.
"""

from __future__ import annotations

import numpy as np

from w2s_bench.stats.pgr import Floats, t_quantile

FLIPS = 10_000
EXACT = 13  # with at most so many units all 2^U patterns of signs are enumerated


def sign_flip_test(differences: Floats, flips: int = FLIPS, seed: int = 0) -> float:
    """Two-sided p of the paired differences ``[U]`` having mean zero, by flipping signs of whole units.

    Exact for few units, else from ``flips`` random patterns and the observed one. The least p there can be is
    2 / 2^U: with one unit it is 1, with six 0.03.
    """
    values = np.asarray(differences, dtype=np.float64)
    if not values.size:
        raise ValueError("no unit to compare")
    if (units := values.size) <= EXACT:
        bits = np.arange(2**units)[:, None] >> np.arange(units) & 1
    else:
        drawn = np.random.default_rng(seed).integers(0, 2, size=(flips, units), dtype=np.int8)
        bits = np.concatenate([np.ones((1, units), dtype=np.int8), drawn])  # the observed pattern counts
    signs = (2 * bits - 1).astype(np.int8)
    observed = abs(values.sum())
    reached = np.abs(signs @ values) >= observed - 1e-12 * max(1.0, np.abs(values).sum())
    return float(reached.mean())


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjustment of p-values ``[M]`` (Holm 1979): at most 1, monotone in the given ones."""
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def minimum_detectable_difference(
    error: float, degrees: float = np.inf, level: float = 0.95, power: float = 0.8
) -> float:
    """The least true difference that a two-sided test at ``level`` finds with ``power``.

    It is (t_level + t_power) standard errors, with ``degrees`` of freedom.
    """
    return float(t_quantile(0.5 + level / 2, degrees) + t_quantile(power, degrees)) * error


def probability_of_improvement(one: Floats, other: Floats) -> float:
    """How often a run of ``one`` beats one of ``other``, ties a half: mean over cells of all pairs of seeds.

    Both ``[C, S]``, with as many cells each and any number of seeds (Agarwal et al. 2021, arXiv 2108.13264).
    """
    above = np.asarray(one)[:, :, None] - np.asarray(other)[:, None, :]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def performance_profile(values: Floats, thresholds: Floats) -> Floats:
    """Share of the values ``[C]`` (or ``[C, S]``, all seeds counting) above each threshold ``[T]``."""
    flat = np.sort(np.asarray(values, dtype=np.float64).ravel())
    return 1.0 - np.searchsorted(flat, thresholds, side="right") / flat.size
