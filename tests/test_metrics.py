"""Per-item scores, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from w2s_bench import metrics

PROBABILITIES = np.array([[0.7, 0.3, 0.0], [0.2, 0.3, 0.5], [0.4, 0.4, 0.2], [0.0, 1.0, 0.0]])
GOLD = np.array([0, 1, 1, 1])


def test_the_most_probable_option_is_picked_and_the_first_of_equals() -> None:
    assert metrics.picks(PROBABILITIES).tolist() == [0, 2, 0, 1]


def test_correct_is_one_where_the_pick_is_gold() -> None:
    correct = metrics.correct(PROBABILITIES, GOLD)
    assert correct.tolist() == [1, 0, 0, 1] and correct.dtype == np.uint8
    assert metrics.accuracy(PROBABILITIES, GOLD) == 0.5


def test_a_free_answer_counts_only_if_it_is_the_gold_option() -> None:
    assert metrics.greedy_accuracy([0, -1, 0, 1], GOLD) == 0.5
    assert metrics.greedy_accuracy([-1, -1, -1, -1], GOLD) == 0.0  # −1 is no option, not the last one


@given(arrays(np.int64, st.integers(1, 20), elements=st.integers(0, 6)), st.integers(7, 9))
def test_one_hot_labels_are_gold(gold: np.ndarray, options: int) -> None:
    labels = metrics.one_hot(gold, options)
    assert labels.shape == (len(gold), options) and labels.dtype == np.float32
    assert (labels.sum(axis=1) == 1).all()
    assert metrics.accuracy(labels, gold) == pytest.approx(1)


def test_a_line_is_right_when_all_of_its_items_are() -> None:
    names, solved = metrics.by_line(["b", "a", "b", "c"], np.array([1, 1, 0, 1]))
    assert (names, solved.tolist()) == (["b", "a", "c"], [0, 1, 1])
    _, chance = metrics.by_line(["b", "a", "b", "c"], np.array([0.5, 0.25, 0.5, 1.0]))
    assert chance.tolist() == [0.25, 0.25, 1.0]
