"""The product loss by hand, and the warm-up that the public code takes and never reads."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.method import Context, cross_entropy
from w2s_bench.methods.product import Product

WEAK = torch.tensor([[0.4, 0.6]])
LOGITS = torch.log(torch.tensor([[0.8, 0.2]]))
MASK = torch.ones(1, 2, dtype=torch.bool)


def at(step: int) -> Context:
    return Context(step=step, steps=100, epoch=0, epochs=1, options=2)


def product(**options: float) -> Product:
    return Product(Product.Options(**options))


def test_by_hand() -> None:
    # 0.8·0.4 = 0.32 and 0.2·0.6 = 0.12: the target is 8/11 and 3/11.
    loss = product(warmup=0).loss(LOGITS, WEAK, MASK, at(0))
    assert float(loss) == pytest.approx(-(8 * math.log(0.8) + 3 * math.log(0.2)) / 11, abs=1e-6)


def test_exponents_by_hand() -> None:
    # √0.8·0.4² and √0.2·0.6²: 0.143108 and 0.160997.
    target = product(alpha=2, beta=0.5).target(torch.log_softmax(LOGITS, -1), WEAK, MASK, 0.5)
    assert target[0].tolist() == pytest.approx([0.470588, 0.529412], abs=1e-5)


def test_the_warm_up_is_used() -> None:
    method = product(warmup=0.1)
    assert [method.exponent(at(step)) for step in (0, 5, 10, 99)] == pytest.approx([0, 0.5, 1, 1])
    naive = cross_entropy(LOGITS, WEAK)
    assert float(method.loss(LOGITS, WEAK, MASK, at(0))) == pytest.approx(float(naive), abs=1e-6)
    losses = [float(method.loss(LOGITS, WEAK, MASK, at(step))) for step in (0, 3, 6, 10)]
    assert losses == sorted(losses, reverse=True) and losses[0] > losses[-1]


def test_no_gradient_enters_the_target() -> None:
    logits = LOGITS.clone().requires_grad_()
    product(warmup=0).loss(logits, WEAK, MASK, at(0)).backward()
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx([0.8 - 8 / 11, 0.2 - 3 / 11], abs=1e-6)


def test_where_both_factors_underflow_or_are_zero() -> None:
    logits = torch.tensor([[300.0, 0.0, -1e9]])
    weak, mask = torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([[True, True, False]])
    target = product().target(torch.log_softmax(logits, -1), weak, mask, 1.0)
    assert target[0].tolist() == [0.0, 1.0, 0.0]
