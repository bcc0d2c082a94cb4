"""RAVEN by hand: the warm start, the weights and their gradient."""

from __future__ import annotations

import pytest
import torch
from support.recorder import seconds

from w2s_bench.method import TEACHERS, Context, cross_entropy
from w2s_bench.methods.raven import Raven

TWO = torch.stack([seconds(0.9, 0.8, 0.3), seconds(0.7, 0.1, 0.4)])  # agree on items 0 and 2
LOGITS = torch.log(seconds(0.6, 0.7, 0.2))
HERE = torch.ones(3, 2, dtype=torch.bool)


def at(step: int, teachers: torch.Tensor = TWO) -> Context:
    return Context(step=step, steps=10, epoch=0, epochs=1, options=2, given={TEACHERS: teachers})


def test_the_warm_start_is_on_agreed_items() -> None:
    method = Raven()
    found = method.loss(LOGITS, TWO[0], HERE, at(1))
    assert float(found) == pytest.approx(float(cross_entropy(LOGITS[[0, 2]], TWO.mean(0)[[0, 2]])), abs=1e-6)
    assert method.scores is not None and method.scores.tolist() == [0, 0]


def test_a_batch_without_agreement_is_learnt_whole() -> None:
    only = TWO[:, 1:2]
    found = Raven().loss(LOGITS[1:2], only[0], HERE[1:2], at(0, only))
    assert float(found) == pytest.approx(float(cross_entropy(LOGITS[1:2], only.mean(0))), abs=1e-6)


def test_the_step_is_that_of_the_gradient() -> None:
    method = Raven(Raven.Options(rate=2.0))
    method.scores = torch.tensor([0.3, -0.1])
    scores = method.scores.clone().requires_grad_()
    mixed = torch.einsum("k,kbo->bo", torch.softmax(scores, 0), TWO)
    expected = cross_entropy(LOGITS, mixed)
    expected.backward()
    assert float(method.loss(LOGITS, TWO[0], HERE, at(5))) == pytest.approx(
        float(expected.detach()), abs=1e-6
    )
    assert scores.grad is not None
    assert torch.allclose(method.scores, scores.detach() - 2.0 * scores.grad, atol=1e-6)


def test_the_teacher_that_the_student_can_follow_gains() -> None:
    method = Raven(Raven.Options(warm=0.0, rate=1.0))
    for step in range(10):
        method.loss(LOGITS, TWO[0], HERE, at(step))
    assert method.scores is not None and method.scores[0] > method.scores[1]
    still = Raven(Raven.Options(warm=0.0, rate=0.0))
    still.loss(LOGITS, TWO[0], HERE, at(5))
    assert still.scores is not None and still.scores.tolist() == [0, 0]
