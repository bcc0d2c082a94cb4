"""The Dirichlet fit by hand and against scipy and torch."""

from __future__ import annotations

import math

import pytest
import torch
from support.recorder import seconds

from w2s_bench.contract import checks
from w2s_bench.method import TEACHERS, Context
from w2s_bench.methods.bayesian import Bayesian


def at(teachers: torch.Tensor) -> Context:
    return Context(step=0, steps=1, epoch=0, epochs=1, options=2, given={TEACHERS: teachers})


def bayesian(prior: float = 0.0, floor: float = 0.0) -> Bayesian:
    return Bayesian(Bayesian.Options(prior=prior, floor=floor))


HERE = torch.ones(1, 2, dtype=torch.bool)


def test_hard_labels_by_hand() -> None:
    """α = (1, 3): the chance of second, second, first in this order is 3/4 · 4/5 · 1/6 = 1/10."""
    logits = torch.log(torch.tensor([[1.0, 3.0]]))
    teachers = torch.stack([seconds(1.0), seconds(1.0), seconds(0.0)])
    found = bayesian().loss(logits, teachers[0], HERE, at(teachers))
    assert float(found) == pytest.approx(-math.log(1 / 10) / 3, abs=1e-6)


def test_the_floor_by_hand() -> None:
    """A = 4 + 4 and the same shares, α = (2, 6): 6/8 · 7/9 · 2/10 = 7/60."""
    logits = torch.log(torch.tensor([[1.0, 3.0]]))
    teachers = torch.stack([seconds(1.0), seconds(1.0), seconds(0.0)])
    found = bayesian(floor=4.0).loss(logits, teachers[0], HERE, at(teachers))
    assert float(found) == pytest.approx(-math.log(7 / 60) / 3, abs=1e-6)


def test_one_hard_label_is_cross_entropy() -> None:
    logits = torch.tensor([[0.3, -1.2]])
    found = bayesian().loss(logits, seconds(1.0), HERE, at(seconds(1.0)[None]))
    assert float(found) == pytest.approx(-float(torch.log_softmax(logits, -1)[0, 1]), abs=1e-5)


def test_the_pull_is_torch_s_own_divergence() -> None:
    alpha, mean = torch.tensor([[0.7, 2.5, 4.0]]).double(), torch.tensor([[0.2, 0.5, 0.3]]).double()
    left = mean + (1 - mean) * alpha
    flat = torch.distributions.Dirichlet(torch.ones(3).double())
    expected = torch.distributions.kl_divergence(torch.distributions.Dirichlet(left[0]), flat)
    here = torch.ones(1, 3, dtype=torch.bool)
    assert float(bayesian().divergence(alpha, mean, here)) == pytest.approx(float(expected), abs=1e-9)


def test_a_missing_option_changes_nothing() -> None:
    teachers = torch.stack([seconds(0.8), seconds(0.4)])
    logits = torch.tensor([[0.5, 1.0]])
    wide = torch.nn.functional.pad(teachers, (0, 1))
    for prior in (0.0, 0.5):
        one = bayesian(prior).loss(logits, teachers[0], HERE, at(teachers))
        padded = torch.tensor([[0.5, 1.0, -1e9]])
        mask = torch.tensor([[True, True, False]])
        assert float(bayesian(prior).loss(padded, wide[0], mask, at(wide))) == pytest.approx(
            float(one), abs=1e-5
        )


def test_agreement_wants_less_concentration_than_quarrel() -> None:
    """At even shares two teachers that agree are likelier the smaller A is; two that quarrel, the larger."""
    found = {}
    for name, shares in {"agree": (1.0, 1.0), "quarrel": (0.0, 1.0)}.items():
        logits = torch.zeros(1, 2, requires_grad=True)
        teachers = torch.stack([seconds(s) for s in shares])
        bayesian().loss(logits, teachers[0], HERE, at(teachers)).backward()
        assert logits.grad is not None
        found[name] = float(logits.grad.sum())
    assert found["agree"] > 0 > found["quarrel"]


def test_every_kind_of_choice_is_finite_with_a_prior() -> None:
    for choice in checks.labelled():
        for context in checks.contexts(bayesian(1.0), choice):
            assert torch.isfinite(bayesian(1.0).loss(choice.logits, choice.weak, choice.mask, context))
