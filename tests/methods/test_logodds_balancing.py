"""Log-odds balancing by hand, for two options and more, and where there is nothing to balance."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.contract import checks
from w2s_bench.method import Context, cross_entropy, harden
from w2s_bench.methods.logodds_balancing import LogoddsBalancing, balanced


def at(step: int, options: int | None = 2) -> Context:
    return Context(step=step, steps=100, epoch=0, epochs=1, options=options)


def method(**options: object) -> LogoddsBalancing:
    return LogoddsBalancing(LogoddsBalancing.Options.model_validate(options))


def test_two_options_by_hand() -> None:
    # Odds 4 and 1: the mean log-odds is log 2, so odds of 2 and ½ are left.
    found = balanced(torch.tensor([[0.2, 0.8], [0.5, 0.5]]))
    assert found[:, 1].tolist() == pytest.approx([2 / 3, 1 / 3], abs=1e-6)


def test_half_the_strength_by_hand() -> None:
    # Half of log 2: odds of 4/√2 and 1/√2.
    found = balanced(torch.tensor([[0.2, 0.8], [0.5, 0.5]]), 0.5)
    odds = [4 / math.sqrt(2), 1 / math.sqrt(2)]
    assert found[:, 1].tolist() == pytest.approx([o / (1 + o) for o in odds], abs=1e-6)


def test_two_options_are_log_odds_less_their_mean() -> None:
    weak = torch.rand(9, generator=torch.Generator().manual_seed(0))
    odds = torch.logit(weak)
    found = balanced(torch.stack([1 - weak, weak], 1))
    assert torch.allclose(found[:, 1], torch.sigmoid(odds - odds.mean()), atol=1e-5)


def test_three_classes_favour_none() -> None:
    found = balanced(torch.softmax(torch.randn(40, 3) + torch.tensor([0.0, 1.0, -2.0]), -1))
    assert torch.allclose(found.log().mean(0).std(), torch.zeros(()), atol=1e-5)
    assert torch.allclose(found.sum(-1), torch.ones(40))


def test_hard_labels_and_a_single_item_stay_finite() -> None:
    assert torch.isfinite(balanced(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))).all()
    one = torch.tensor([[0.1, 0.9]])
    assert torch.equal(balanced(one), one)


def test_the_target_by_hand() -> None:
    # a = ½, student says second, first: targets (0.1, 0.9) and (0.75, 0.25) of the second 0.9, 0.25.
    logits = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    weak = torch.tensor([[0.2, 0.8], [0.5, 0.5]])
    mean = (math.log(9) + math.log(1 / 3)) / 2
    second = [1 / (1 + math.exp(-(o - mean))) for o in (math.log(9), math.log(1 / 3))]
    target = torch.tensor([[1 - p, p] for p in second])
    found = method(of="target").loss(logits, weak, torch.ones(2, 2, dtype=torch.bool), at(50))
    assert float(found) == pytest.approx(float(cross_entropy(logits, target)), abs=1e-6)


def test_labels_go_with_halves_of_the_batch() -> None:
    logits = torch.tensor([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0], [0.0, 4.0]])
    assert method().own(logits, 2)[:, 1].tolist() == [0, 0, 1, 1]
    assert method(of="target").own(logits, 2)[:, 1].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("of", ["labels", "target"])
def test_legal_moves_are_not_balanced(of: str) -> None:
    for choice in checks.labelled():
        if choice.options is not None:
            continue
        own = harden(choice.logits)
        expected = cross_entropy(choice.logits, 0.5 * choice.weak + 0.5 * own)
        found = method(of=of).loss(choice.logits, choice.weak, choice.mask, at(50, None))
        assert float(found) == pytest.approx(float(expected), abs=1e-6)
