"""The Dirichlet fit by hand and against scipy and torch."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from support.recorder import seconds

from w2s_bench.contract import checks
from w2s_bench.method import TEACHERS, Context, cross_entropy
from w2s_bench.methods.bayesian import Bayesian


def at(teachers: torch.Tensor, step: int = 0, epochs: int = 1) -> Context:
    return Context(step=step, steps=10, epoch=0, epochs=epochs, options=2, given={TEACHERS: teachers})


def bayesian(anneal: float = 10.0) -> Bayesian:
    return Bayesian(Bayesian.Options(anneal=anneal))


HERE = torch.ones(1, 2, dtype=torch.bool)


def test_hard_labels_by_hand() -> None:
    """Evidence (1, 3), so α = (2, 4): second, second, first has the chance 4/6 · 5/7 · 2/8 = 5/42."""
    logits = torch.log(torch.tensor([[1.0, 3.0]]))
    teachers = torch.stack([seconds(1.0), seconds(1.0), seconds(0.0)])
    found = bayesian().loss(logits, teachers[0], HERE, at(teachers))
    assert float(found) == pytest.approx(-math.log(5 / 42) / 3, abs=1e-6)


def test_the_regulariser_grows_over_epochs() -> None:
    """Half of two epochs is one; over anneal = 4 its weight is a quarter."""
    logits, teachers = torch.tensor([[0.5, 1.0]]), torch.stack([seconds(0.8), seconds(0.4)])
    alpha = logits.double().exp() + 1
    pull = float(bayesian().divergence(alpha, teachers.mean(0).double(), HERE))
    plain = float(bayesian(4).loss(logits, teachers[0], HERE, at(teachers)))
    later = float(bayesian(4).loss(logits, teachers[0], HERE, at(teachers, step=5, epochs=2)))
    assert later - plain == pytest.approx(0.25 * pull, abs=1e-5)


def test_it_is_not_cross_entropy_to_the_mean_label() -> None:
    """Where teachers disagree, the gradient says so: it is not the direction of cross-entropy's."""
    generator = torch.Generator().manual_seed(0)
    teachers = torch.softmax(3 * torch.randn(3, 64, 2, generator=generator), -1)
    mask, start = torch.ones(64, 2, dtype=torch.bool), torch.randn(64, 2, generator=generator)

    def gradient(loss: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        logits = start.clone().requires_grad_()
        loss(logits).backward()
        assert logits.grad is not None
        return logits.grad.flatten()

    own = gradient(lambda z: bayesian().loss(z, teachers[0], mask, at(teachers, step=5)))
    plain = gradient(lambda z: cross_entropy(z, teachers.mean(0)))
    assert float(torch.cosine_similarity(own, plain, dim=0)) < 0.95


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
    for step in (0, 5):
        one = bayesian().loss(logits, teachers[0], HERE, at(teachers, step))
        padded = torch.tensor([[0.5, 1.0, -1e9]])
        mask = torch.tensor([[True, True, False]])
        found = bayesian().loss(padded, wide[0], mask, at(wide, step))
        assert float(found) == pytest.approx(float(one), abs=1e-5)


def test_agreement_wants_more_evidence_than_quarrel() -> None:
    """More evidence for both options: likelier where two teachers quarrel than where they agree."""
    change = {}
    for name, shares in {"agree": (1.0, 1.0), "quarrel": (0.0, 1.0)}.items():
        teachers = torch.stack([seconds(s) for s in shares])
        less, more = (
            float(bayesian().loss(torch.full((1, 2), z), teachers[0], HERE, at(teachers))) for z in (0.0, 2.0)
        )
        change[name] = more - less
    assert change["agree"] > 0 > change["quarrel"]


def test_every_kind_of_choice_is_finite() -> None:
    for choice in checks.labelled():
        for context in checks.contexts(bayesian(1.0), choice):
            assert torch.isfinite(bayesian(1.0).loss(choice.logits, choice.weak, choice.mask, context))
