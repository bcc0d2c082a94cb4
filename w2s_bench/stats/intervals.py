"""Intervals where every seed meets every test item: a mean's variance from both, counted once.

A score of seed s on item i is a sum of a seed's effect, an item's effect and a rest. Its mean over S seeds
and N items has the variance σ²_s/S + σ²_i/N + σ²_rest/(SN), which the mean squares of a two-way table
estimate without bias (Cornfield and Tukey 1956); degrees of freedom are Satterthwaite's (1946). A bootstrap
that resamples seeds and items counts the rest twice, and with few seeds has a normal's tails:
``w2s-bench check intervals`` measures both.

A *contrast* is a list with one array ``[S, N]`` for each task: tasks are independent of each other, cells of
one task share seeds and items and are added up before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2s_bench.stats.pgr import UNBOUNDED, Floats, Interval, fieller, t_quantile

Contrast = Sequence[Floats]
ROUNDING = 1e-9  # relative: mean squares of scores that are 0 or 1 may be equal


@dataclass(frozen=True, slots=True)
class Components:
    """Mean squares (or mean products) of one task's table, each over S·N, and their degrees of freedom."""

    seeds: float
    items: float
    rest: float
    degrees: tuple[int, int, int]

    @property
    def seeds_matter(self) -> bool:
        """Whether seeds differ by more than the rest explains, beyond rounding."""
        return self.seeds > self.rest * (1 + ROUNDING)

    def variance(self, with_seeds: bool) -> float:
        """Variance of the table's mean, with or without what seeds add."""
        return self.items + (self.seeds - self.rest if with_seeds else 0.0)

    def squares(self, with_seeds: bool) -> float:
        """Satterthwaite's denominator: each mean square squared, over its degrees of freedom."""
        parts = [self.items, *((self.seeds, self.rest) if with_seeds else ())]
        degrees = (self.degrees[1], self.degrees[0], self.degrees[2])
        return sum(part**2 / n for part, n in zip(parts, degrees, strict=False))


@dataclass(frozen=True, slots=True)
class _Effects:
    """A table ``[S, N]`` less its mean, as effects of seeds ``[S]`` and of items ``[N]``, and the rest."""

    seeds: Floats
    items: Floats
    rest: Floats

    @classmethod
    def of(cls, table: Floats) -> _Effects:
        centred = table - table.mean()
        seeds, items = centred.mean(1), centred.mean(0)
        return cls(seeds, items, (centred - seeds[:, None] - items).ravel())


def components(one: Floats, other: Floats | None = None) -> Components:
    """Components of a table ``[S, N]``, or of the products of two; with one seed, those of seeds are 0."""
    effects = _Effects.of(one)
    return _components(effects, effects if other is None else _Effects.of(other))


def _components(one: _Effects, other: _Effects) -> Components:
    seeds, items = one.seeds.size, one.items.size
    degrees = (seeds - 1, max(items - 1, 1), max((seeds - 1) * (items - 1), 1))
    by_item = float(one.items @ other.items) / degrees[1] / items
    if seeds == 1:
        return Components(0.0, by_item, 0.0, (1, *degrees[1:]))
    by_seed = float(one.seeds @ other.seeds) / degrees[0] / seeds
    rest = float(one.rest @ other.rest) / degrees[2] / (seeds * items)
    return Components(by_seed, by_item, rest, degrees)


def standard_error(contrast: Contrast) -> tuple[float, float]:
    """Standard error of the sum over tasks of a contrast's means, and its degrees of freedom (inf if 0)."""
    variance, degrees = _satterthwaite([components(table) for table in contrast])
    return float(np.sqrt(max(variance, 0.0))), degrees


def _satterthwaite(parts: Sequence[Components]) -> tuple[float, float]:
    """Variance of a sum over tasks and its degrees of freedom."""
    variance = sum(p.variance(p.seeds_matter) for p in parts)
    squares = sum(p.squares(p.seeds_matter) for p in parts)
    return variance, variance**2 / squares if squares > 0 else np.inf


def mean_interval(contrast: Contrast, level: float = 0.95) -> Interval:
    """Interval of the sum over tasks of a contrast's means, which is a mean difference of accuracies.

    It is cut at −1 and 1: a t with few degrees of freedom may reach beyond.
    """
    value = sum(float(table.mean()) for table in contrast)
    error, degrees = standard_error(contrast)
    reach = t_quantile(0.5 + level / 2, degrees) * error
    return Interval(max(value - reach, min(-1.0, value)), min(value + reach, max(1.0, value)))


def ratio_of_means_interval(numerator: Contrast, denominator: Contrast, level: float = 0.95) -> Interval:
    """Fieller's interval (1954) of the ratio of two contrasts' sums of means; both have the same tables.

    Unbounded where the denominator is not separated from 0: then every ratio, or all but a gap in the middle,
    is compatible with the data.
    """
    above, below = (sum(float(t.mean()) for t in c) for c in (numerator, denominator))
    if below <= 0:
        return UNBOUNDED
    along = [n - above / below * d for n, d in zip(numerator, denominator, strict=True)]
    own = [components(table) for table in along]
    degrees = _satterthwaite(own)[1]
    effects = [(_Effects.of(n), _Effects.of(d)) for n, d in zip(numerator, denominator, strict=True)]

    def covariance(one: int, other: int) -> float:
        tables = zip(effects, own, strict=True)
        return sum(_components(pair[one], pair[other]).variance(p.seeds_matter) for pair, p in tables)

    vnn, vnd, vdd = covariance(0, 0), covariance(0, 1), covariance(1, 1)
    return fieller(above, below, np.array([[vnn, vnd], [vnd, vdd]]), level, degrees)
