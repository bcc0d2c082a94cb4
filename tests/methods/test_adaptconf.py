"""AdaptConf by hand with both signs."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.contract import checks
from w2s_bench.method import Context
from w2s_bench.methods.adaptconf import AdaptConf

# The student disagrees with its teacher about the first item and agrees about the second.
LOGITS = torch.log(torch.tensor([[0.8, 0.2], [0.8, 0.2]]))
WEAK = torch.tensor([[0.4, 0.6], [0.7, 0.3]])
MASK = torch.ones(2, 2, dtype=torch.bool)


def at(step: int) -> Context:
    return Context(step=step, steps=100, epoch=0, epochs=1, options=2)


def adaptconf(**options: object) -> AdaptConf:
    return AdaptConf(AdaptConf.Options.model_validate(options))


def test_weights_by_hand() -> None:
    # exp(c/T) with T = ½ is s^−2: 1/0.64 against 1/0.04, so β = 0.04/0.68; where both agree, ½.
    assert adaptconf().weight(LOGITS, WEAK).tolist() == pytest.approx([0.04 / 0.68, 0.5], abs=1e-6)
    found = adaptconf(sign="reversed").weight(LOGITS, WEAK)
    assert found.tolist() == pytest.approx([0.64 / 0.68, 0.5], abs=1e-6)


@pytest.mark.parametrize(("sign", "beta"), [("published", 1 / 17), ("reversed", 16 / 17)])
def test_loss_by_hand(sign: str, beta: float) -> None:
    a, b = math.log(0.8), math.log(0.2)
    first = -(1 - beta) * (0.4 * a + 0.6 * b) - beta * a
    second = -0.5 * (0.7 * a + 0.3 * b) - 0.5 * a
    loss = adaptconf(sign=sign, warmup=0).loss(LOGITS, WEAK, MASK, at(50))
    assert float(loss) == pytest.approx((first + second) / 2, abs=1e-6)


def test_published_never_weighs_the_student_more_and_reversed_never_less() -> None:
    for choice in checks.labelled():
        for scale in (1, 30):
            logits = (scale * choice.logits).masked_fill(~choice.mask, -1e9)
            assert (adaptconf().weight(logits, choice.weak) <= 0.5).all()
            assert (adaptconf(sign="reversed").weight(logits, choice.weak) >= 0.5).all()


def test_a_surer_student_that_disagrees() -> None:
    logits = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    weak = torch.tensor([[0.0, 1.0]] * 3)
    published = adaptconf().weight(logits, weak).tolist()
    reverse = adaptconf(sign="reversed").weight(logits, weak).tolist()
    assert published == sorted(published, reverse=True) and reverse == sorted(reverse)


def test_warm_up_starts_from_the_weak_labels() -> None:
    a, b = math.log(0.8), math.log(0.2)
    naive = -(0.4 * a + 0.6 * b + 0.7 * a + 0.3 * b) / 2
    loss = adaptconf(warmup=0.2).loss(LOGITS, WEAK, MASK, at(0))
    assert float(loss) == pytest.approx(naive, abs=1e-6)
