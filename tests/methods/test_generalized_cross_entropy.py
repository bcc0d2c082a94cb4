"""Generalized cross-entropy by hand and at its two limits."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.contract import checks
from w2s_bench.method import Context, cross_entropy, harden
from w2s_bench.methods.generalized_cross_entropy import GeneralizedCrossEntropy

HERE = Context(step=5, steps=10, epoch=0, epochs=1, options=2)
MASK = torch.ones(1, 2, dtype=torch.bool)


def gce(q: float = 0.7) -> GeneralizedCrossEntropy:
    return GeneralizedCrossEntropy(GeneralizedCrossEntropy.Options(q=q))


def test_by_hand() -> None:
    # q = ½: √0.64 = 0.8 and √0.36 = 0.6, so 2·(0.25·0.2 + 0.75·0.4) = 0.7.
    logits = torch.log(torch.tensor([[0.64, 0.36]]))
    loss = gce(0.5).loss(logits, torch.tensor([[0.25, 0.75]]), MASK, HERE)
    assert float(loss) == pytest.approx(0.7, abs=1e-6)


def test_limits() -> None:
    for choice in checks.labelled():
        low = gce(0.01).loss(choice.logits, choice.weak, choice.mask, HERE)
        naive = cross_entropy(choice.logits, choice.weak)
        assert float(low) == pytest.approx(float(naive), rel=0.05)
        hard = harden(choice.weak)
        error = (torch.softmax(choice.logits, -1) - hard).abs().sum(-1).mean() / 2
        assert float(gce(1).loss(choice.logits, hard, choice.mask, HERE)) == pytest.approx(
            float(error), abs=1e-6
        )


def test_an_unlikely_label_pulls_less() -> None:
    # One-hot label of probability s: the gradient is s^q times that of cross-entropy, s − 1.
    s = 0.1
    logits = torch.log(torch.tensor([[s, 1 - s]])).requires_grad_()
    (found,) = torch.autograd.grad(gce().loss(logits, torch.tensor([[1.0, 0.0]]), MASK, HERE), logits)
    assert float(found[0, 0]) == pytest.approx(math.pow(s, 0.7) * (s - 1), abs=1e-6)
