"""The confidence window by hand, for two options and more."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.method import Context, cross_entropy
from w2s_bench.methods.confidence_window import ConfidenceWindow

HERE = Context(step=5, steps=10, epoch=0, epochs=1, options=2)
LOGITS = torch.log(torch.tensor([[0.4, 0.6], [0.9, 0.1], [0.3, 0.7]]))
WEAK = torch.tensor([[0.8, 0.2], [0.5, 0.5], [0.5, 0.5]])
MASK = torch.ones(3, 2, dtype=torch.bool)


def window(radius: float = 0.15) -> ConfidenceWindow:
    return ConfidenceWindow(ConfidenceWindow.Options(radius=radius))


def test_by_hand() -> None:
    # Only the first lies below 0.65; the mean is over three all the same.
    loss = window().loss(LOGITS, WEAK, MASK, HERE)
    assert float(loss) == pytest.approx(-(0.8 * math.log(0.4) + 0.2 * math.log(0.6)) / 3, abs=1e-6)
    assert window(0.21).unsure(LOGITS, MASK).tolist() == [True, False, True]


def test_without_a_window_it_is_naive() -> None:
    found = window(0.5).loss(LOGITS, WEAK, MASK, HERE)
    assert float(found) == pytest.approx(float(cross_entropy(LOGITS, WEAK)), abs=1e-6)


def test_more_options_by_hand() -> None:
    # Of four: 1/4 + 0.3·3/4 = 0.475. Of three: 1/3 + 0.3·2/3 = 0.5333.
    mask = torch.tensor([[True] * 4, [True] * 4, [True, True, True, False], [True, True, True, False]])
    s = torch.tensor(
        [[0.47, 0.2, 0.2, 0.13], [0.48, 0.2, 0.2, 0.12], [0.53, 0.3, 0.17, 0], [0.54, 0.3, 0.16, 0]]
    )
    logits = s.log().masked_fill(~mask, -1e9)
    assert window().unsure(logits, mask).tolist() == [True, False, True, False]


def test_a_batch_of_sure_items_keeps_the_least_sure() -> None:
    assert window(0.05).unsure(LOGITS, MASK).tolist() == [True, False, False]
