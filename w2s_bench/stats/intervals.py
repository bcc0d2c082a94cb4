"""Intervals where every seed meets every test item: the variance of a mean from both, counted once.

A score of seed s on item i is a sum of a seed's effect, an item's effect and a rest. Its mean over S seeds
and N items has the variance σ²_s/S + σ²_i/N + σ²_rest/(SN), which the mean squares of a two-way table
estimate without bias (Cornfield and Tukey 1956); degrees of freedom are Satterthwaite's (1946). A bootstrap
that resamples seeds and items counts the rest twice, and with few seeds has a normal's tails.
``w2s-bench check intervals`` measures how often these intervals cover.

An interval of a ratio holds the ratios r at which numerator − r · denominator is not separated from 0
(Fieller 1954), each with its own standard error and degrees of freedom. So the interval of a PGR holds 0
exactly where that of its gain does. The set of such ratios need not be one interval, since degrees of freedom
change with r: what is given is its part around the estimate, and 0 where that is one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from w2s_bench.stats.pgr import UNBOUNDED, Floats, Interval, t_quantile

# Half an item for each of the four ways in which two models can be right or wrong, as Agresti and Min (2005)
# add to matched proportions, so that an interval has a width where no item tells two models apart.
PSEUDO_VARIANCE = 1.0  # of a gain or of a gap
PSEUDO_COVARIANCE = 0.5  # of a gain and the gap above the same teacher
# Both were chosen on simulated designs of one seed; the coverage in the docs is of another.
LEAST_VARIANCE = 0.5  # as a share of the items' part, because the estimate of the seeds' part may be negative
EXTRA_DEGREES = 0.5  # of the seeds' mean square where it is no larger than the rest's; none where it is all
FARTHEST = 1e8  # of an interval's edge from its centre, in standard errors
Values = Any  # a number, or an array of numbers


@dataclass(frozen=True, slots=True)
class Contrast:
    """A sum of means over tasks, which are independent of each other.

    ``tables``: one ``[S, N]`` a task; cells of one task share seeds and items and are added up before.
    ``units``: the most that one item's score can move each table, 1 for a difference of two models.
    """

    tables: Sequence[Floats]
    units: Sequence[float]

    @classmethod
    def of(cls, tables: Contrast | Iterable[Floats]) -> Contrast:
        """Tables of unit 1, unless it is a contrast already."""
        if isinstance(tables, Contrast):
            return tables
        made = tuple(tables)
        return cls(made, (1.0,) * len(made))

    @property
    def value(self) -> float:
        """The sum of the tables' means."""
        return sum(float(table.mean()) for table in self.tables)


@dataclass(frozen=True, slots=True)
class Components:
    """Mean squares (or mean products) of one task's table, each over S·N, and their degrees of freedom."""

    seeds: Values
    items: Values
    rest: Values
    degrees: tuple[int, int, int]

    def along(self, product: Components, denominator: Components, ratio: Values) -> Components:
        """Components of numerator − ratio · denominator, where these are the numerator's."""

        def square(own: Values, both: Values, other: Values) -> Values:
            return np.maximum(own - 2 * ratio * both + ratio**2 * other, 0)

        return Components(
            square(self.seeds, product.seeds, denominator.seeds),
            square(self.items, product.items, denominator.items),
            square(self.rest, product.rest, denominator.rest),
            self.degrees,
        )

    @property
    def variance(self) -> Values:
        """Variance of the table's mean, unbiased but for its least value."""
        return np.maximum(self.items + self.seeds - self.rest, LEAST_VARIANCE * self.items)

    @property
    def squares(self) -> Values:
        """Satterthwaite's denominator: each mean square squared, over its degrees of freedom."""
        seeds, items, rest = self.degrees
        noise = np.where(self.rest < self.seeds, self.rest / np.where(self.seeds > 0, self.seeds, 1), 1)
        by_seed = self.seeds**2 / (seeds + EXTRA_DEGREES * noise)
        return self.items**2 / items + by_seed + self.rest**2 / rest


def components(one: Floats, other: Floats | None = None, unit: float = 1.0) -> Components:
    """Of a table ``[S, N]``, or of the products of a gain and a gap.

    One seed says nothing about how seeds differ.
    """
    pseudo = PSEUDO_VARIANCE if other is None else PSEUDO_COVARIANCE
    a, b = _effects(one), _effects(one if other is None else other)
    seeds, items = one.shape
    degrees = (max(seeds - 1, 1), max(items - 1, 1), max((seeds - 1) * (items - 1), 1))
    by_item = float(a[1] @ b[1]) / degrees[1] / items + pseudo * unit**2 / items**2
    if seeds == 1:
        return Components(0.0, by_item, 0.0, degrees)
    by_seed = float(a[0] @ b[0]) / degrees[0] / seeds
    rest = float(a[2] @ b[2]) / degrees[2] / (seeds * items)
    return Components(by_seed, by_item, rest, degrees)


def _effects(table: Floats) -> tuple[Floats, Floats, Floats]:
    """Effects of seeds ``[S]`` and of items ``[N]``, and the rest ``[S·N]``."""
    centred = table - table.mean()
    seeds, items = centred.mean(1), centred.mean(0)
    return seeds, items, (centred - seeds[:, None] - items).ravel()


def _error(parts: Sequence[Components]) -> tuple[Values, Values]:
    """Standard error of a sum of independent means, and its degrees of freedom.

    These are at least those of the fewest seeds, because Satterthwaite's fall towards 0 where parts cancel,
    and infinite if nothing varies.
    """
    variance = np.sum([p.variance for p in parts], axis=0)
    squares = np.sum([p.squares for p in parts], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = np.where(squares > 0, variance**2 / squares, np.inf)
    return np.sqrt(variance), np.maximum(degrees, min(p.degrees[0] for p in parts))


def standard_error(contrast: Contrast | Iterable[Floats]) -> tuple[float, float]:
    """Standard error of a contrast's value, and its degrees of freedom."""
    whole = Contrast.of(contrast)
    parts = [components(t, unit=u) for t, u in zip(whole.tables, whole.units, strict=True)]
    error, degrees = _error(parts)
    return float(error), float(degrees)


def mean_interval(contrast: Contrast | Iterable[Floats], level: float = 0.95) -> Interval:
    """Interval of a mean difference of accuracies, never beyond −1 and 1."""
    whole = Contrast.of(contrast)
    value = whole.value
    error, degrees = standard_error(whole)
    reach = float(t_quantile(0.5 + level / 2, degrees)) * error
    return Interval(max(value - reach, min(-1.0, value)), min(value + reach, max(1.0, value)))


def ratio_of_means_interval(
    numerator: Contrast | Iterable[Floats], denominator: Contrast | Iterable[Floats], level: float = 0.95
) -> Interval:
    """Interval of the ratio of two contrasts' values; both have the same tables.

    Unbounded where the denominator is not separated from 0: then every ratio, or all but a gap in the middle,
    is compatible with the data.
    """
    above, below = Contrast.of(numerator), Contrast.of(denominator)
    lowest = mean_interval(below, level).low
    if below.value <= 0 or lowest is None or lowest <= 0:
        return UNBOUNDED
    triples = [
        (components(n, unit=unit), components(n, d, unit), components(d, unit=unit))
        for n, d, unit in zip(above.tables, below.tables, above.units, strict=True)
    ]

    def excess(ratio: Values) -> Values:
        """Above 0 for ratios that the data refuse."""
        error, degrees = _error([own.along(product, gap, ratio) for own, product, gap in triples])
        return np.abs(above.value - ratio * below.value) - t_quantile(0.5 + level / 2, degrees) * error

    centre = above.value / below.value
    error = -float(excess(centre)) / below.value
    if error <= 0:  # nothing varies
        return Interval(centre, centre)
    low, high = (_edge(excess, centre, side * error) for side in (-1, 1))
    if low is None or high is None:
        return UNBOUNDED
    return Interval(low, high) if excess(0.0) > 0 else Interval(min(low, 0.0), max(high, 0.0))


def _edge(excess: Callable[[Values], Values], centre: float, step: float) -> float | None:
    """The first ratio that the data refuse, from the centre on in growing steps; None if there is none."""
    ratios = centre + step * np.geomspace(1e-3, FARTHEST, 400)
    if (0 - centre) * step > 0:  # 0 is asked itself, so that the answer is that of the numerator alone
        ratios = np.sort(np.append(ratios, 0.0))[:: 1 if step > 0 else -1]
    refused = np.flatnonzero(excess(ratios) > 0)
    if not refused.size:
        return None
    k = int(refused[0])
    inside = ratios[k - 1] if k else centre
    return float(brentq(excess, inside, ratios[k], xtol=1e-12))
