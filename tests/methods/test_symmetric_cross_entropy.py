"""Symmetric cross-entropy by hand, for one-hot and soft labels."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.contract import checks
from w2s_bench.method import Context, cross_entropy
from w2s_bench.methods.symmetric_cross_entropy import SymmetricCrossEntropy

HERE = Context(step=5, steps=10, epoch=0, epochs=1, options=2)
LOGITS = torch.log(torch.tensor([[0.8, 0.2]]))
MASK = torch.ones(1, 2, dtype=torch.bool)


def symmetric(**options: float) -> SymmetricCrossEntropy:
    return SymmetricCrossEntropy(SymmetricCrossEntropy.Options(**options))


def test_one_hot_by_hand() -> None:
    # The reverse part of a one-hot label is −A·(1 − s_y).
    loss = symmetric(alpha=0.1, beta=2, cut=-6).loss(LOGITS, torch.tensor([[0.0, 1.0]]), MASK, HERE)
    assert float(loss) == pytest.approx(-0.1 * math.log(0.2) + 2 * 6 * 0.8, abs=1e-5)


def test_soft_by_hand() -> None:
    loss = symmetric().loss(LOGITS, torch.tensor([[0.4, 0.6]]), MASK, HERE)
    forward = -(0.4 * math.log(0.8) + 0.6 * math.log(0.2))
    reverse = -(0.8 * math.log(0.4) + 0.2 * math.log(0.6))
    assert float(loss) == pytest.approx(forward + reverse, abs=1e-6)


def test_the_logarithm_is_cut_off() -> None:
    # log 0.01 = −4.6 counts as −4.
    found = symmetric(alpha=0.01).loss(LOGITS, torch.tensor([[0.99, 0.01]]), MASK, HERE)
    forward = -(0.99 * math.log(0.8) + 0.01 * math.log(0.2))
    assert float(found) == pytest.approx(0.01 * forward - 0.8 * math.log(0.99) + 0.2 * 4, abs=1e-6)


def test_without_the_reverse_it_is_naive() -> None:
    for choice in checks.labelled():
        found = symmetric(beta=0).loss(choice.logits, choice.weak, choice.mask, HERE)
        assert float(found) == pytest.approx(float(cross_entropy(choice.logits, choice.weak)), abs=1e-6)
