"""Confidence weights by hand, for pairs and more options."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.methods.confidence_weighted import ConfidenceWeighted


def weighted(**options: object) -> ConfidenceWeighted:
    return ConfidenceWeighted(ConfidenceWeighted.Options.model_validate(options))


def test_pairs_by_hand() -> None:
    weak = torch.tensor([[0.5, 0.5], [0.2, 0.8], [1.0, 0.0]])
    assert weighted().confidence(weak).tolist() == pytest.approx([0, 0.6, 1])
    assert weighted().weights(weak).tolist() == pytest.approx([0, 0.6 / 1.6 * 3, 1 / 1.6 * 3])
    assert weighted(power=2).weights(weak).tolist() == pytest.approx([0, 0.36 / 1.36 * 3, 1 / 1.36 * 3])


def test_it_is_the_published_function_of_the_margin() -> None:
    margins = torch.tensor([-3.0, -0.5, 0.1, 2.0])
    second = torch.sigmoid(margins)
    expected = [2 * (1 / (1 + math.exp(-abs(m))) - 0.5) for m in margins.tolist()]
    found = weighted().confidence(torch.stack([1 - second, second], 1))
    assert found.tolist() == pytest.approx(expected, abs=1e-6)


def test_more_options_look_at_the_top_two() -> None:
    weak = torch.tensor([[0.1, 0.6, 0.3, 0.0], [0.25, 0.25, 0.25, 0.25]])
    assert weighted().confidence(weak).tolist() == pytest.approx([1 / 3, 0])


def test_labels() -> None:
    weak = torch.tensor([[0.2, 0.8], [0.9, 0.1]])
    assert weighted().targets(weak).tolist() == [[0, 1], [1, 0]]
    assert weighted(labels="soft").targets(weak) is weak


def test_a_teacher_without_favourites_weighs_all_alike() -> None:
    assert weighted().weights(torch.full((3, 4), 0.25)).tolist() == [1, 1, 1]
