"""Reverse KL and reverse cross-entropy by hand."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.contract import checks
from w2s_bench.method import Context
from w2s_bench.methods.reverse_kl import ReverseKL

HERE = Context(step=5, steps=10, epoch=0, epochs=1, options=2)
LOGITS = torch.log(torch.tensor([[0.8, 0.2]]))
MASK = torch.ones(1, 2, dtype=torch.bool)


def reverse(**options: object) -> ReverseKL:
    return ReverseKL(ReverseKL.Options.model_validate(options))


def test_by_hand() -> None:
    # ε = ½ makes 0.7, 0.3 of 0.9, 0.1.
    weak = torch.tensor([[0.9, 0.1]])
    kl = 0.8 * math.log(0.8 / 0.7) + 0.2 * math.log(0.2 / 0.3)
    ce = -0.8 * math.log(0.7) - 0.2 * math.log(0.3)
    assert float(reverse(smoothing=0.5).loss(LOGITS, weak, MASK, HERE)) == pytest.approx(kl, abs=1e-6)
    found = reverse(form="ce", smoothing=0.5).loss(LOGITS, weak, MASK, HERE)
    assert float(found) == pytest.approx(ce, abs=1e-6)


def test_the_student_is_the_first_argument() -> None:
    for choice in checks.labelled():
        smooth = 0.999999 * choice.weak + 1e-6 / choice.mask.sum(-1, keepdim=True)
        s = torch.softmax(choice.logits, -1)
        theirs = [
            torch.nn.functional.kl_div(q.log(), p, reduction="sum")
            for p, q in ((p[m], q[m]) for p, q, m in zip(s, smooth, choice.mask, strict=True))
        ]
        found = reverse(smoothing=1e-6).loss(choice.logits, choice.weak, choice.mask, HERE)
        assert float(found) == pytest.approx(float(torch.stack(theirs).mean()), abs=1e-5)


def test_gradient_by_hand() -> None:
    # s_o·(log s_o/w_o − KL), and none at s = w.
    logits = LOGITS.clone().requires_grad_()
    weak = torch.tensor([[0.5, 0.5]])
    (found,) = torch.autograd.grad(reverse().loss(logits, weak, MASK, HERE), logits)
    kl = 0.8 * math.log(1.6) + 0.2 * math.log(0.4)
    expected = [0.8 * (math.log(1.6) - kl), 0.2 * (math.log(0.4) - kl)]
    assert found[0].tolist() == pytest.approx(expected, abs=1e-6)
    (none,) = torch.autograd.grad(
        reverse(smoothing=1e-6).loss(logits, logits.exp().detach(), MASK, HERE), logits
    )
    assert none.abs().max() < 1e-5


def test_hard_labels_stay_finite() -> None:
    loss = reverse().loss(LOGITS, torch.tensor([[0.0, 1.0]]), MASK, HERE)
    assert float(loss) == pytest.approx(0.8 * math.log(0.8 / 0.0005) + 0.2 * math.log(0.2 / 0.9995), abs=1e-4)
