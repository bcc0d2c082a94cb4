"""Comparisons of methods and of labels: by hand, and what must hold for any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm, permutation_test
from sklearn.metrics import cohen_kappa_score

from w2s_bench import stats

numbers = st.lists(st.floats(-1, 1, allow_nan=False, width=32), min_size=1, max_size=8)


def test_sign_flips_by_hand() -> None:
    assert stats.sign_flip_test(np.array([0.1])) == 1.0, "one unit says nothing"
    assert stats.sign_flip_test(np.array([0.1, 0.2, 0.3])) == 2 / 8
    assert stats.sign_flip_test(np.array([0.1, -0.1])) == 1.0
    assert stats.sign_flip_test(np.zeros(4)) == 1.0
    with pytest.raises(ValueError, match="no unit"):
        stats.sign_flip_test(np.array([]))


def test_sign_flips_are_scipy_s_permutations_of_samples() -> None:
    values = np.random.default_rng(0).normal(0.3, 1, 9)
    theirs = permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=False
    )
    assert stats.sign_flip_test(values) == pytest.approx(theirs.pvalue)


def test_many_units_are_sampled_and_agree_with_all_of_them() -> None:
    values = np.random.default_rng(1).normal(0.5, 1, 16)
    bits = (np.arange(2**16)[:, None] >> np.arange(16)) & 1
    exact = float((np.abs((2 * bits - 1) @ values) >= abs(values.sum()) - 1e-12).mean())
    assert stats.sign_flip_test(values) == pytest.approx(exact, abs=0.01)
    assert stats.sign_flip_test(values) == stats.sign_flip_test(values), "the seed decides"


@given(numbers)
def test_a_test_does_not_know_directions_or_order(values: list[float]) -> None:
    one = np.array(values)
    p = stats.sign_flip_test(one)
    assert 2 / 2 ** len(one) <= p <= 1 or p == pytest.approx(1)
    assert stats.sign_flip_test(-one) == p
    assert stats.sign_flip_test(np.sort(one)) == pytest.approx(p)


def test_holm_by_hand() -> None:
    assert stats.holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == [0.03, 0.06, 0.06, 0.02]
    assert stats.holm(np.array([0.9])).tolist() == [0.9]
    assert stats.holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_between_the_given_and_bonferroni(values: list[float]) -> None:
    given_ = np.array(values)
    adjusted = stats.holm(given_)
    assert (adjusted >= given_ - 1e-12).all()
    assert (adjusted <= np.minimum(given_ * len(given_), 1) + 1e-12).all()
    assert (adjusted >= false_discovery_control(given_) - 1e-12).all(), "a familywise rate is stricter"


def test_detectable_difference_is_that_of_a_z_test() -> None:
    expected = 0.01 * (norm.ppf(0.975) + norm.ppf(0.8))
    assert stats.minimum_detectable_difference(0.01) == pytest.approx(expected)
    assert stats.minimum_detectable_difference(0.01, degrees=2) > expected, "few seeds detect less"


def test_probability_of_improvement_by_hand() -> None:
    one, other = np.array([[3.0, 1.0]]), np.array([[2.0, 1.0]])
    assert stats.probability_of_improvement(one, other) == (1 + 1 + 0 + 0.5) / 4
    assert stats.probability_of_improvement(one, one) == 0.5
    assert stats.probability_of_improvement(one + 9, other) == 1.0


def test_profiles_by_hand() -> None:
    profile = stats.performance_profile(np.array([0.0, 0.5, 1.0, 0.5]), np.array([-1.0, 0.0, 0.5, 1.0]))
    assert profile.tolist() == [1.0, 0.75, 0.25, 0.0]


def test_interquartile_means_by_hand() -> None:
    assert stats.iqm(np.arange(8.0)) == np.mean([2, 3, 4, 5])
    assert stats.iqm(np.array([1.0, 2.0, 3.0])) == 2.0
    assert stats.iqm(np.array([5.0])) == 5.0
    assert stats.iqm(np.array([0.0, 1.0, 2.0, 3.0, 1e9])) == pytest.approx((0.75 * 1 + 2 + 0.75 * 3) / 2.5)


def test_agreement_by_hand() -> None:
    gold = np.array([0, 0, 0, 1, 1, 2])
    teacher = np.array([0, 0, 1, 1, 0, 1])
    student = np.array([0, 1, 1, 1, 1, 0])
    found = stats.agreement(student == teacher, student == gold, teacher == gold)
    assert found.everywhere == pytest.approx(3 / 6)
    assert found.teacher_right == pytest.approx(2 / 3) and found.new_errors == pytest.approx(1 / 3)
    assert found.teacher_wrong == pytest.approx(1 / 3) and found.corrected == pytest.approx(1 / 3)
    flawless = stats.agreement(*[np.ones(len(gold), bool)] * 3)
    assert flawless.teacher_wrong is None and flawless.corrected is None and flawless.new_errors == 0


def test_similarity_is_cohen_s_kappa() -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(0, 4, 300)
    other = np.where(rng.random(300) < 0.6, one, rng.integers(0, 4, 300))
    ours = stats.chance_adjusted_similarity(one, other)
    assert ours == pytest.approx(cohen_kappa_score(one, other))
    assert stats.chance_adjusted_similarity(one, one) == 1.0
    assert stats.chance_adjusted_similarity(np.zeros(5, int), np.zeros(5, int)) == 1.0
