"""ELR by hand over two visits, and its memory of each item."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.method import Context
from w2s_bench.methods.early_learning_regularization import EarlyLearningRegularization

WEAK = torch.tensor([[0.0, 1.0]])
MASK = torch.ones(1, 2, dtype=torch.bool)


def at(*items: int) -> Context:
    return Context(step=0, steps=10, epoch=0, epochs=2, options=2, items=torch.tensor(items))


def elr(strength: float = 3.0, momentum: float = 0.7) -> EarlyLearningRegularization:
    options = EarlyLearningRegularization.Options(strength=strength, momentum=momentum)
    return EarlyLearningRegularization(options)


def test_two_visits_by_hand() -> None:
    method = elr(strength=2, momentum=0.5)
    first = method.loss(torch.log(torch.tensor([[0.8, 0.2]])), WEAK, MASK, at(4))
    # m = (0.4, 0.1); ⟨s, m⟩ = 0.34.
    assert float(first) == pytest.approx(-math.log(0.2) + 2 * math.log(0.66), abs=1e-6)
    second = method.loss(torch.log(torch.tensor([[0.5, 0.5]])), WEAK, MASK, at(4))
    # m = (0.45, 0.3); ⟨s, m⟩ = 0.375.
    assert float(second) == pytest.approx(-math.log(0.5) + 2 * math.log(0.625), abs=1e-6)


def test_each_item_has_its_own_memory() -> None:
    method = elr(momentum=0.5)
    method.recall(torch.tensor([3, 1]), torch.tensor([[0.8, 0.2], [0.1, 0.9]]))
    wider = method.recall(torch.tensor([1, 5]), torch.tensor([[0.1, 0.9, 0.0], [0.2, 0.2, 0.6]]))
    assert torch.allclose(wider, torch.tensor([[0.075, 0.675, 0.0], [0.1, 0.1, 0.3]]))
    narrow = method.recall(torch.tensor([3]), torch.tensor([[0.8, 0.2]]))
    assert torch.allclose(narrow, torch.tensor([[0.6, 0.15]]))
    assert method.memory is not None and method.memory.shape == (6, 3)


def test_two_fits_share_no_memory() -> None:
    elr().recall(torch.tensor([0]), torch.tensor([[0.8, 0.2]]))
    assert elr().memory is None


def test_the_regularizer_draws_towards_the_memory() -> None:
    # No weak label pulls where w = s: what is left raises the option that the memory favours.
    method = elr()
    for _ in range(20):
        method.recall(torch.tensor([0]), torch.tensor([[0.9, 0.1]]))
    logits = torch.zeros(1, 2, requires_grad=True)
    weak = torch.tensor([[0.5, 0.5]])
    (found,) = torch.autograd.grad(method.loss(logits, weak, MASK, at(0)), logits)
    assert found[0, 0] < 0 < found[0, 1]
