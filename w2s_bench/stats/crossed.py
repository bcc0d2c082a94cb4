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
from scipy.stats import t as student_t

from w2s_bench.stats.gap import UNBOUNDED, Floats, Interval, fieller

Contrast = Sequence[Floats]


@dataclass(frozen=True, slots=True)
class Components:
    """Mean squares (or mean products) of one task's table, each over S·N, and their degrees of freedom."""

    seeds: float
    items: float
    rest: float
    degrees: tuple[int, int, int]

    @property
    def seeds_matter(self) -> bool:
        """Whether seeds differ by more than the rest would make them differ."""
        return self.seeds > self.rest

    def variance(self, with_seeds: bool) -> float:
        """Of the table's mean."""
        return self.items + (self.seeds - self.rest if with_seeds else 0.0)

    def squares(self, with_seeds: bool) -> float:
        """Satterthwaite's denominator: each mean square squared, over its degrees of freedom."""
        parts = [self.items, *((self.seeds, self.rest) if with_seeds else ())]
        degrees = (self.degrees[1], self.degrees[0], self.degrees[2])
        return sum(part**2 / n for part, n in zip(parts, degrees, strict=False))


def components(one: Floats, other: Floats | None = None) -> Components:
    """Of a table ``[S, N]``, or of the products of two. One seed tells nothing of what seeds do."""
    other = one if other is None else other
    seeds, items = one.shape
    a, b = one - one.mean(), other - other.mean()
    degrees = (seeds - 1, max(items - 1, 1), max((seeds - 1) * (items - 1), 1))
    by_item = seeds * float(a.mean(0) @ b.mean(0)) / degrees[1] / (seeds * items)
    if seeds == 1:
        return Components(0.0, by_item, 0.0, (1, *degrees[1:]))
    by_seed = items * float(a.mean(1) @ b.mean(1)) / degrees[0] / (seeds * items)
    left = [x - x.mean(1, keepdims=True) - x.mean(0) for x in (a, b)]
    rest = float((left[0] * left[1]).sum()) / degrees[2] / (seeds * items)
    return Components(by_seed, by_item, rest, degrees)


def standard_error(contrast: Contrast) -> tuple[float, float]:
    """Standard error of the sum over tasks of a contrast's means, and its degrees of freedom (inf if 0)."""
    parts = [components(table) for table in contrast]
    variance = sum(p.variance(p.seeds_matter) for p in parts)
    squares = sum(p.squares(p.seeds_matter) for p in parts)
    return float(np.sqrt(max(variance, 0.0))), variance**2 / squares if squares > 0 else np.inf


def mean_interval(contrast: Contrast, level: float = 0.95) -> Interval:
    """Interval of the sum over tasks of a contrast's means, a mean difference of accuracies: never beyond
    −1 and 1, whatever a t with few degrees of freedom would say."""
    value = sum(float(table.mean()) for table in contrast)
    error, degrees = standard_error(contrast)
    reach = float(student_t.ppf(0.5 + level / 2, degrees)) * error
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
    squares = sum(p.squares(p.seeds_matter) for p in own)
    variance = sum(p.variance(p.seeds_matter) for p in own)
    degrees = variance**2 / squares if squares > 0 else np.inf

    def covariance(one: Contrast, other: Contrast) -> float:
        tables = zip(one, other, own, strict=True)
        return sum(components(a, b).variance(p.seeds_matter) for a, b, p in tables)

    pairs = ((numerator, numerator), (numerator, denominator), (denominator, denominator))
    vnn, vnd, vdd = (covariance(*pair) for pair in pairs)
    return fieller(above, below, np.array([[vnn, vnd], [vnd, vdd]]), level, degrees)
