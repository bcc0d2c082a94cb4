"""Statistics against hand-made numbers, plain loops and independent computations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from w2s_bench import stats
from w2s_bench.stats import UNBOUNDED, Interval

share = st.floats(0, 1)
small = st.floats(-1, 1)


# PGR


@pytest.mark.parametrize(
    ("teacher", "student", "ceiling", "value"),
    [
        (0.60, 0.70, 0.80, 0.5),
        (0.60, 0.60, 0.80, 0.0),
        (0.60, 0.80, 0.80, 1.0),
        (0.50, 0.40, 0.75, -0.4),  # worse than the teacher: negative, not 0
        (0.50, 0.90, 0.75, 1.6),  # better than the ceiling: above 1, not 1
    ],
)
def test_pgr_by_hand(teacher: float, student: float, ceiling: float, value: float) -> None:
    assert stats.pgr(teacher, student, ceiling) == pytest.approx(value)


@pytest.mark.parametrize("ceiling", [0.6, 0.5, 0.0])
def test_no_pgr_where_the_gap_is_not_positive(ceiling: float) -> None:
    assert stats.pgr(0.6, 0.7, ceiling) is None


@given(share, share, share, st.floats(0.1, 10), small)
def test_pgr_does_not_depend_on_the_scale_of_accuracy(
    teacher: float, student: float, ceiling: float, scale: float, shift: float
) -> None:
    assume(abs(ceiling - teacher) > 1e-3)
    value = stats.pgr(teacher, student, ceiling)
    moved = stats.pgr(*(scale * x + shift for x in (teacher, student, ceiling)))
    assert (moved is None) == (value is None)
    if value is not None:
        assert moved == pytest.approx(value, rel=1e-6, abs=1e-6)


def test_pooled_pgr_is_the_ratio_of_sums() -> None:
    teacher, student, ceiling = np.array([0.5, 0.6]), np.array([0.6, 0.6]), np.array([0.6, 0.9])
    # gains 0.1 and 0.0 over gaps 0.1 and 0.3; the mean of the ratios would be 0.5
    assert stats.pooled_pgr(teacher, student, ceiling) == pytest.approx(0.1 / 0.4)


def test_a_pool_keeps_cells_with_a_bad_gap() -> None:
    teacher, student, ceiling = np.array([0.5, 0.6]), np.array([0.7, 0.6]), np.array([0.9, 0.5])
    assert stats.pooled_pgr(teacher, student, ceiling) == pytest.approx(0.2 / 0.3)
    assert stats.pooled_pgr(teacher, student, teacher) is None


@given(st.lists(st.tuples(share, share, share), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_a_pool_does_not_depend_on_the_order_of_cells(cells: list[tuple[float, ...]], random) -> None:
    shuffled = random.sample(cells, len(cells))
    gap = sum(c - t for t, _, c in cells)
    assume(abs(gap) > 1e-3)
    one, two = (stats.pooled_pgr(*np.array(order).T) for order in (cells, shuffled))
    assert one == (None if gap <= 0 else pytest.approx(two))


# The bootstrap


@given(st.integers(1, 30), st.integers(1, 20), st.integers(0, 99))
def test_bootstrap_weights_are_counts_of_n_draws(n: int, resamples: int, seed: int) -> None:
    weights = stats.resample_weights(n, resamples, np.random.default_rng(seed))
    counts = weights.astype(float) * n
    assert weights.shape == (resamples, n) and weights.dtype == np.float32
    assert np.allclose(weights.sum(axis=1), 1)
    assert (weights >= 0).all() and np.allclose(counts, counts.round(), atol=1e-4)


def test_bootstrap_weights_are_those_of_a_plain_loop() -> None:
    weights = stats.resample_weights(5, 7, np.random.default_rng(3))
    drawn = np.random.default_rng(3).integers(0, 5, size=(7, 5))
    loop = [[list(row).count(unit) / 5 for unit in range(5)] for row in drawn]
    assert np.allclose(weights, loop)
    assert len({tuple(row) for row in drawn}) == 7  # resamples differ from each other


def test_accuracy_draws_are_those_of_a_loop_over_resamples() -> None:
    rng = np.random.default_rng(0)
    correct = rng.integers(0, 2, size=(3, 11))
    picked_seeds, picked_items = rng.integers(0, 3, size=(6, 3)), rng.integers(0, 11, size=(6, 11))
    seeds = np.array([[np.mean(row == s) for s in range(3)] for row in picked_seeds], dtype=np.float32)
    items = np.array([[np.mean(row == i) for i in range(11)] for row in picked_items], dtype=np.float32)
    naive = [
        np.mean([[correct[s, i] for i in chosen_items] for s in chosen_seeds])
        for chosen_seeds, chosen_items in zip(picked_seeds, picked_items, strict=True)
    ]
    assert stats.accuracy_draws(correct, seeds, items) == pytest.approx(naive, abs=1e-6)


def test_equal_predictions_have_equal_draws() -> None:
    rng = np.random.default_rng(0)
    seeds, items = stats.resample_weights(2, 50, rng), stats.resample_weights(20, 50, rng)
    correct = rng.integers(0, 2, size=(2, 20))
    assert (
        stats.accuracy_draws(correct, seeds, items) == stats.accuracy_draws(correct.copy(), seeds, items)
    ).all()


# Intervals


def test_a_percentile_interval_holds_its_share_of_the_draws() -> None:
    draws = np.arange(101.0)
    for level, ends in ((0.95, (2.5, 97.5)), (0.5, (25.0, 75.0))):
        found = stats.percentile_interval(draws, level)
        assert (found.low, found.high) == pytest.approx(ends)


def test_an_interval_is_bounded_where_both_ends_exist() -> None:
    assert Interval(0.0, 1.0).bounded
    assert not Interval(None, 1.0).bounded and not Interval(0.0, None).bounded and not UNBOUNDED.bounded


def test_a_ratio_interval_is_that_of_the_ratios() -> None:
    rng = np.random.default_rng(0)
    numerator, denominator = rng.normal(1, 0.2, 4000), rng.normal(2, 0.1, 4000)
    found = stats.ratio_interval(numerator, denominator)
    assert (found.low, found.high) == pytest.approx(np.quantile(numerator / denominator, [0.025, 0.975]))


def test_a_ratio_over_a_gap_that_may_be_zero_is_unbounded() -> None:
    draws = np.linspace(-0.1, 1, 1000)  # 9% at or below 0: more than a tail
    assert stats.ratio_interval(np.ones(1000), draws) == UNBOUNDED
    assert stats.ratio_interval(np.ones(1000), draws, level=0.5).bounded


def test_a_few_draws_without_a_gap_leave_the_interval_finite() -> None:
    gaps = np.array([0.0] * 10 + [0.1] * 990)  # 1% is less than a tail of 2.5%
    assert stats.ratio_interval(gaps, gaps) == Interval(1.0, 1.0)  # a student like the ceiling: 0/0 in 1%
    found = stats.ratio_interval(np.full(1000, 0.05), gaps)
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))
