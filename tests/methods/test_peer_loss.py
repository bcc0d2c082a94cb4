"""Peer loss by hand, against the mean over all draws of peers, and on legal moves."""

from __future__ import annotations

import math

import pytest
import torch

from w2s_bench.contract import checks
from w2s_bench.method import Context, cross_entropy
from w2s_bench.methods.peer_loss import PeerLoss


def at(step: int, options: int | None = 2) -> Context:
    return Context(step=step, steps=100, epoch=0, epochs=1, options=options)


def peers(alpha: float = 0.3, warmup: float = 0.2) -> PeerLoss:
    return PeerLoss(PeerLoss.Options(alpha=alpha, warmup=warmup))


def test_by_hand() -> None:
    # Labels (1, 0) and (0.5, 0.5): the mean label is (0.75, 0.25).
    logits = torch.log(torch.tensor([[0.8, 0.2], [0.4, 0.6]]))
    weak, mask = torch.tensor([[1.0, 0.0], [0.5, 0.5]]), torch.ones(2, 2, dtype=torch.bool)
    own = -(math.log(0.8) + 0.5 * math.log(0.4) + 0.5 * math.log(0.6)) / 2
    peer = -(0.75 * (math.log(0.8) + math.log(0.4)) + 0.25 * (math.log(0.2) + math.log(0.6))) / 2
    assert float(peers(0.5).loss(logits, weak, mask, at(50))) == pytest.approx(own - 0.5 * peer, abs=1e-6)
    assert float(peers(0.5).loss(logits, weak, mask, at(10))) == pytest.approx(own - 0.25 * peer, abs=1e-6)
    assert float(peers(0.5).loss(logits, weak, mask, at(0))) == pytest.approx(own, abs=1e-6)


def test_it_is_the_mean_over_all_peers() -> None:
    for choice in checks.labelled():
        if choice.options is None:
            continue
        size = len(choice.weak)
        drawn = [
            cross_entropy(choice.logits[[j]], choice.weak[[k]]) for j in range(size) for k in range(size)
        ]
        expected = cross_entropy(choice.logits, choice.weak) - 0.3 * torch.stack(drawn).mean()
        found = peers().loss(choice.logits, choice.weak, choice.mask, at(50, choice.options))
        assert float(found) == pytest.approx(float(expected), abs=1e-5)


def test_it_is_bounded_on_many_options() -> None:
    """Every logit of 35 options pushed against its peers: at most −log(1e-8) nats a unit of α."""
    generator = torch.Generator().manual_seed(0)
    weak = torch.softmax(torch.randn(8, 35, generator=generator), -1)
    mask = torch.ones(8, 35, dtype=torch.bool)
    logits = torch.zeros(8, 35, requires_grad=True)
    optimizer = torch.optim.SGD([logits], lr=50.0)
    for _ in range(300):
        optimizer.zero_grad()
        loss = peers(0.95).loss(logits, weak, mask, at(50, 35))
        loss.backward()
        optimizer.step()
        assert float(loss.detach()) >= 0.95 * math.log(1e-8) - 1e-3
    assert torch.isfinite(logits).all()
