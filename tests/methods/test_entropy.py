"""Entropy by hand in both forms, and what the detached self-target amounts to."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from w2s_bench.contract import checks
from w2s_bench.method import Context, cross_entropy
from w2s_bench.methods.entropy import Entropy

WEAK = torch.tensor([[0.4, 0.6]])
LOGITS = torch.log(torch.tensor([[0.8, 0.2]]))
MASK = torch.ones(1, 2, dtype=torch.bool)


def at(step: int) -> Context:
    return Context(step=step, steps=100, epoch=0, epochs=1, options=2)


def entropy(**options: object) -> Entropy:
    return Entropy(Entropy.Options.model_validate(options))


def gradient(method: Entropy, choice: checks.Labelled, step: int = 50) -> Tensor:
    logits = choice.logits.clone().requires_grad_()
    return torch.autograd.grad(method.loss(logits, choice.weak, choice.mask, at(step)), logits)[0]


@pytest.mark.parametrize("form", ["self-target", "regulariser"])
def test_by_hand(form: str) -> None:
    # Half 0.4, 0.6 and half 0.8, 0.2: the target is 0.6, 0.4 in either form.
    loss = entropy(form=form).loss(LOGITS, WEAK, MASK, at(50))
    assert float(loss) == pytest.approx(-(0.6 * math.log(0.8) + 0.4 * math.log(0.2)), abs=1e-6)


def test_ramp() -> None:
    weights = [entropy().weight(at(step)) for step in (0, 10, 20, 99)]
    assert weights == pytest.approx([0, 0.25, 0.5, 0.5])


@pytest.mark.parametrize("choice", checks.labelled(), ids=lambda c: c.name)
def test_a_detached_self_target_is_a_smaller_step(choice: checks.Labelled) -> None:
    logits = choice.logits.clone().requires_grad_()
    naive = torch.autograd.grad(cross_entropy(logits, choice.weak), logits)[0]
    assert torch.allclose(gradient(entropy(), choice), 0.5 * naive, atol=1e-6)


def test_the_regulariser_sharpens() -> None:
    # d/dz_o of H(s) = −s_o (log s_o + H): the likelier option's logit rises under descent.
    choice = checks.Labelled("pair", 2, LOGITS, torch.softmax(LOGITS, -1), MASK)
    h = -(0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    expected = [-0.5 * s * (math.log(s) + h) for s in (0.8, 0.2)]
    found = gradient(entropy(form="regulariser"), choice)[0]
    assert found.tolist() == pytest.approx(expected, abs=1e-6)
    assert found[0] < 0 < found[1]
