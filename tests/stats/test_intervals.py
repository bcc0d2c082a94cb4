"""Intervals of seeds crossed with items: by plain loops, by simulation, and what must hold for any table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student_t
from scipy.stats import ttest_1samp

from w2s_bench import stats

tables = st.tuples(st.integers(1, 4), st.integers(2, 9), st.integers(0, 10**6)).map(
    lambda made: np.random.default_rng(made[2]).integers(-1, 2, size=made[:2]).astype(np.float64)
)


def exact(table: np.ndarray) -> stats.Contrast:
    """Without the half items that are added to counts."""
    return stats.Contrast([table], [0.0])


def test_components_are_those_of_plain_loops() -> None:
    table = np.random.default_rng(0).normal(size=(3, 5))
    mean, seeds, items = table.mean(), table.mean(1), table.mean(0)
    between_seeds = sum(5 * (s - mean) ** 2 for s in seeds) / 2
    between_items = sum(3 * (i - mean) ** 2 for i in items) / 4
    rest = sum((table[s, i] - seeds[s] - items[i] + mean) ** 2 for s in range(3) for i in range(5)) / 8
    found = stats.components(table, unit=0)
    assert (found.seeds, found.items, found.rest) == pytest.approx(
        (between_seeds / 15, between_items / 15, rest / 15)
    )
    assert found.degrees == (2, 4, 8)


def test_products_of_two_tables_are_those_of_their_sum_and_difference() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 3, 6))
    both = stats.components(one, other, unit=0)
    plus, minus = stats.components(one + other, unit=0), stats.components(one - other, unit=0)
    for name in ("seeds", "items", "rest"):
        assert getattr(both, name) == pytest.approx((getattr(plus, name) - getattr(minus, name)) / 4)


def test_the_variance_is_that_of_the_mean_in_repeated_experiments() -> None:
    """Seeds of sd 0.3, items of sd 1, a rest of sd 2: the mean's variance counts each once."""
    rng = np.random.default_rng(2)
    seeds, items, runs = 6, 40, 3000
    tables = (
        0.3 * rng.normal(size=(runs, seeds, 1))
        + rng.normal(size=(runs, 1, items))
        + 2 * rng.normal(size=(runs, seeds, items))
    )
    found = np.array([stats.components(table, unit=0).variance for table in tables])
    assert found.mean() == pytest.approx(0.09 / seeds + 1 / items + 4 / (seeds * items), rel=0.03)
    assert tables.mean((1, 2)).var() == pytest.approx(found.mean(), rel=0.1)


def test_with_one_seed_it_is_the_t_interval_of_the_items() -> None:
    table = np.random.default_rng(3).integers(-1, 2, size=(1, 50)).astype(np.float64)
    found = stats.mean_interval(exact(table))
    expected = ttest_1samp(table[0], 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_with_seeds_that_differ_and_items_that_do_not_it_is_the_t_interval_of_the_seeds() -> None:
    table = np.repeat(np.array([[0.1], [0.2], [0.25]]), 30, axis=1)
    found = stats.mean_interval(exact(table))
    expected = ttest_1samp(table[:, 0], 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_tasks_are_independent() -> None:
    table = np.random.default_rng(4).integers(-1, 2, size=(1, 400)).astype(np.float64)
    alone, degrees = stats.standard_error([table])
    four, more = stats.standard_error(stats.Contrast([table / 4] * 4, [1 / 4] * 4))
    assert four == pytest.approx(alone / 2) and more == pytest.approx(4 * degrees)


def test_a_ratio_is_fieller_s_with_these_variances() -> None:
    rng = np.random.default_rng(5)
    gap = rng.integers(0, 2, size=(1, 300)).astype(np.float64)
    gain = gap * rng.integers(0, 2, size=(1, 300))
    found = stats.ratio_of_means_interval(exact(gain), exact(gap))
    n, d, q = gain.mean(), gap.mean(), student_t.ppf(0.975, 299) ** 2
    (vnn, vnd), (_, vdd) = np.cov(gain[0], gap[0]) / 300
    a, b, c = d**2 - q * vdd, n * d - q * vnd, n**2 - q * vnn
    root = np.sqrt(b**2 - a * c)
    assert (found.low, found.high) == pytest.approx(((b - root) / a, (b + root) / a), rel=1e-6)


def test_without_a_gap_there_is_no_ratio() -> None:
    nothing = np.zeros((2, 10))
    assert stats.ratio_of_means_interval([nothing], [nothing]) == stats.UNBOUNDED
    noisy = np.tile([1.0, -1.0], (2, 10)) + 0.01
    assert stats.ratio_of_means_interval([noisy], [noisy]) == stats.UNBOUNDED


@given(tables)
def test_an_interval_holds_its_value_and_never_leaves_the_possible(table: np.ndarray) -> None:
    found = stats.mean_interval([table])
    assert -1 <= found.low <= table.mean() + 1e-12 and table.mean() - 1e-12 <= found.high <= 1


@given(tables, tables)
def test_ratios_hold_their_value_or_are_unbounded(gain: np.ndarray, other: np.ndarray) -> None:
    gap = np.resize(np.abs(other), gain.shape)
    found = stats.ratio_of_means_interval([gain], [gap])
    if found.bounded:
        assert found.low <= gain.mean() / gap.mean() + 1e-9 and gain.mean() / gap.mean() - 1e-9 <= found.high
    half = stats.ratio_of_means_interval(*(stats.Contrast([t / 2], [0.5]) for t in (gain, gap)))
    assert half.bounded == found.bounded
    if found.bounded:
        assert (half.low, half.high) == pytest.approx((found.low, found.high))


@given(st.lists(tables, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_tasks_seeds_and_items_does_not_matter(found: list[np.ndarray], random) -> None:
    shuffled = random.sample(found, len(found))
    turned = [table[::-1, ::-1] for table in shuffled]
    one, two = stats.standard_error(found), stats.standard_error(turned)
    assert one == pytest.approx(two)


def test_few_seeds_have_wide_tails() -> None:
    table = np.repeat(np.array([[0.0], [0.1]]), 500, axis=1)
    found = stats.mean_interval(exact(table))
    assert found.high - found.low == pytest.approx(2 * student_t.ppf(0.975, 1) * 0.05)


def models(seed: int) -> tuple[np.ndarray, ...]:
    """Scores ``[S, N]`` of a teacher, a student and a ceiling on items of differing difficulty."""
    rng = np.random.default_rng(seed)
    seeds, items = int(rng.integers(1, 6)), int(rng.choice([5, 20, 100, 1000]))
    difficulty, lead = rng.normal(size=(1, items)), rng.uniform(-0.3, 0.6)
    thresholds = (0.3, 0.3 + lead, 0.8)
    shared = 0.1 * rng.normal(size=(seeds, 1))
    noise = rng.normal(size=(3, seeds, items))
    return tuple(
        (0.6 * difficulty + 0.5 * own + shared < threshold).astype(np.float64)
        for own, threshold in zip(noise, thresholds, strict=True)
    )


def sides(interval: stats.Interval) -> int:
    """1 where an interval lies above 0, −1 below, 0 where it holds 0."""
    assert interval.low is not None and interval.high is not None
    return int(interval.low > 0) - int(interval.high < 0)


@given(st.integers(0, 10**6))
def test_gain_and_pgr_agree_on_whether_they_exclude_zero(seed: int) -> None:
    """In one cell and pooled over two tasks."""
    tasks = [models(seed), models(seed + 1)]
    for some in (tasks[:1], tasks):
        units = [1 / len(some)] * len(some)
        gains = stats.Contrast([(s - t) / len(some) for t, s, _ in some], units)
        gaps = stats.Contrast([(c - t) / len(some) for t, _, c in some], units)
        ratio = stats.ratio_of_means_interval(gains, gaps)
        if ratio.bounded:
            assert sides(ratio) == sides(stats.mean_interval(gains))


@given(st.integers(0, 10**6))
def test_no_interval_has_zero_width(seed: int) -> None:
    """A student that answers as its ceiling or its teacher does is known no better than its items allow."""
    teacher, _, ceiling = models(seed)
    same = stats.mean_interval([ceiling - ceiling])
    assert same.low is not None and same.high is not None and same.high - same.low > 0
    assert same.high >= 1 / teacher.shape[1], "at least what one item in all would move"
    for student in (teacher, ceiling):
        ratio = stats.ratio_of_means_interval([student - teacher], [ceiling - teacher])
        assert not ratio.bounded or ratio.high - ratio.low > 0  # type: ignore[operator]


def test_zero_is_in_both_intervals_where_the_set_of_ratios_has_a_gap() -> None:
    """Ratios between the estimate and 0 are refused here, and 0 is not: found by random designs."""
    gain = np.array([[1, 1, 0, 1, 1, 1, 0, 1], [0, 1, 1, 1, 0, 1, 1, 1.0]])
    gap = np.array([[1, 1, 0, 1, 0, 1, 1, 1], [0, 1, 1, 1, -1, 1, 1, 1.0]])
    ratio, mean = stats.ratio_of_means_interval([gain], [gap]), stats.mean_interval([gain])
    assert ratio.bounded and sides(ratio) == sides(mean)


def test_gain_and_pgr_agree_on_random_tables() -> None:
    """Tables of no model at all, small enough for degrees of freedom to change with the ratio."""
    rng = np.random.default_rng(0)
    bounded = 0
    for _ in range(3000):
        shape = (int(rng.integers(1, 4)), int(rng.integers(2, 12)))
        gap = rng.choice([-1, 0, 1], size=shape, p=[0.05, 0.25, 0.7]).astype(np.float64)
        gain = rng.choice([-1, 0, 1], size=shape, p=[0.1, 0.4, 0.5]).astype(np.float64)
        ratio = stats.ratio_of_means_interval([gain], [gap])
        if ratio.bounded:
            bounded += 1
            assert sides(ratio) == sides(stats.mean_interval([gain]))
            assert ratio.low <= gain.mean() / gap.mean() <= ratio.high  # type: ignore[operator]
    assert bounded > 500


def test_few_seeds_whose_parts_cancel_have_degrees_all_the_same() -> None:
    """Seeds, items and rest of one size: the variance is half the items', and two seeds have a degree."""
    table = np.array([[1, 0, 1, 0, 1, 1], [0, 1, 0, 1, 0, 0.0]])
    assert stats.standard_error([table])[1] >= 1


def test_a_student_that_equals_its_ceiling_on_every_item() -> None:
    """By hand: 400 items, one seed, gap .25: r = 1 ± about t·sqrt(1)/400/.25."""
    teacher = np.zeros((1, 400))
    ceiling = np.zeros((1, 400))
    ceiling[0, :100] = 1
    found = stats.ratio_of_means_interval([ceiling - teacher], [ceiling - teacher])
    assert found.low == pytest.approx(1 - 1.966 / 400 / 0.25, abs=2e-3)
    assert found.high == pytest.approx(1 + 1.966 / 400 / 0.25, abs=2e-3)
