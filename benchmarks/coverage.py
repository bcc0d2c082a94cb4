"""Coverage of nominal 95% intervals in a simulation whose true values are known.

An item is answered correctly if a latent score is below a threshold. The score is the sum of the item's
difficulty (shared by all models and seeds), a seed's effect (half of it shared by the models of a seed) and
noise. The expected accuracy over all seeds and items is exactly the one that was put in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

import numpy as np

from w2s_bench import stats

NORMAL = NormalDist()
TEACHER, PGR, LEAD = 0.7, 0.4, 0.01  # the teacher's accuracy, the true PGR, a rival's lead over the student
DIFFICULTY, SHARED = 0.6, 0.5  # shares of the variance: of the items' difficulty, of a seed's common effect
TASKS = 3  # of a pool
RESAMPLES = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """An experiment; ``gap`` and ``spread`` (standard deviation over seeds) are fractions of accuracy."""

    gap: float
    seeds: int
    items: int
    spread: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """Shares of runs whose interval contains the true value.

    ``unbounded``: share of single cells whose interval has no bounds, which counts as containing it.
    ``bootstrap``: the pooled ratio by resampling.
    """

    design: Design
    pooled: float
    cell: float
    difference: float
    unbounded: float
    bootstrap: float


GAPS, SEEDS, ITEMS, SPREADS = (0.02, 0.05, 0.10, 0.20), (1, 2, 3, 5, 10), (200, 1000, 5000), (0.0, 0.01, 0.03)


def designs(items: tuple[int, ...] = ITEMS) -> Iterator[Design]:
    """All combinations of gaps, seeds, items and spreads."""
    for gap, seeds, n, spread in product(GAPS, SEEDS, items, SPREADS):
        yield Design(gap=gap, seeds=seeds, items=n, spread=spread)


def measure(design: Design, runs: int, seed: int = 1) -> Coverage:
    """Coverage over ``runs`` experiments of a design."""
    rng = np.random.default_rng(seed)
    student, ceiling = TEACHER + PGR * design.gap, TEACHER + design.gap
    hits = np.zeros(5)
    for _ in range(runs):
        tasks = [_task(design, (TEACHER, student, ceiling, student + LEAD), rng) for _ in range(TASKS)]
        gains, gaps = [s - t for t, s, _, _ in tasks], [c - t for t, _, c, _ in tasks]
        cell = stats.ratio_of_means_interval(gains[:1], gaps[:1])
        hits += (
            _contains(stats.ratio_of_means_interval(gains, gaps), PGR),
            _contains(cell, PGR),
            _contains(
                stats.mean_interval(
                    stats.Contrast([(r - s) / TASKS for _, s, _, r in tasks], [1 / TASKS] * TASKS)
                ),
                LEAD,
            ),
            not cell.bounded,
            _contains(_resampled(tasks, rng), PGR),
        )
    shares = (hits / runs).round(4).tolist()
    names = ("pooled", "cell", "difference", "unbounded", "bootstrap")
    return Coverage(design=design, **dict(zip(names, shares, strict=True)))


def _task(design: Design, accuracies: tuple[float, ...], rng: np.random.Generator) -> list[stats.Floats]:
    """Scores ``[S, N]`` of each model, right (1) with the given probability."""
    difficulty = rng.normal(size=(1, design.items))
    common = rng.normal(size=(design.seeds, 1))
    return [_scores(design, accuracy, difficulty, common, rng) for accuracy in accuracies]


def _scores(
    design: Design, accuracy: float, difficulty: stats.Floats, common: stats.Floats, rng: np.random.Generator
) -> stats.Floats:
    threshold = NORMAL.inv_cdf(accuracy)
    width = design.spread / NORMAL.pdf(threshold)
    own = rng.normal(size=common.shape)
    effect = width * (np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own)
    noise = rng.normal(size=(design.seeds, design.items))
    latent = np.sqrt(DIFFICULTY) * difficulty + np.sqrt(1 - DIFFICULTY) * noise + effect
    return (latent < threshold * np.sqrt(1 + width**2)).astype(np.float64)


def _contains(interval: stats.Interval, truth: float) -> bool:
    low = -np.inf if interval.low is None else interval.low
    high = np.inf if interval.high is None else interval.high
    return bool(low <= truth <= high)


def _resampled(tasks: list[list[stats.Floats]], rng: np.random.Generator) -> stats.Interval:
    """Percentile interval of the pooled ratio, by resampling seeds and items of each task."""
    gains, gaps = np.zeros(RESAMPLES), np.zeros(RESAMPLES)
    for teacher, student, ceiling, _ in tasks:
        seeds, items = (stats.resample_weights(n, RESAMPLES, rng) for n in teacher.shape)
        gains += stats.accuracy_draws(student - teacher, seeds, items)
        gaps += stats.accuracy_draws(ceiling - teacher, seeds, items)
    return stats.ratio_interval(gains, gaps)


def as_markdown(results: list[Coverage]) -> str:
    """A table of the coverage of each design, in percent."""
    head = "| gap | seeds | items | sd over seeds | pooled PGR | one cell | difference | cells unbounded |"
    lines = [f"{head} pooled, bootstrap |", "|" + "---|" * 9]
    for c in results:
        d = c.design
        values = (c.pooled, c.cell, c.difference, c.unbounded, c.bootstrap)
        shares = " | ".join(f"{100 * v:.1f}" for v in values)
        lines.append(f"| {100 * d.gap:g} | {d.seeds} | {d.items} | {100 * d.spread:g} | {shares} |")
    return "\n".join(lines) + "\n"
