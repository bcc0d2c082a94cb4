"""Noisy-channel EM by hand: one step, the channel, and a channel that is found."""

from __future__ import annotations

import pytest
import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import PRIOR, load_method
from w2s_bench.methods.noisy_channel_em import NoisyChannelEm


def em(**options: object) -> NoisyChannelEm:
    return NoisyChannelEm(NoisyChannelEm.Options.model_validate(options))


def here(rows: int, width: int = 2) -> torch.Tensor:
    return torch.ones(rows, width, dtype=torch.bool)


def test_one_step_by_hand() -> None:
    """Prior .5 and a hard label: the channel's .8. Prior .2 for it: .2·.8 against .8·.2, a half."""
    method = em(steps=1, trust=1.0, accuracy=0.8)
    found = method.posterior(seconds(0.5, 0.2), seconds(1.0, 1.0), here(2), True)
    assert torch.allclose(found, seconds(0.8, 0.5), atol=1e-6)
    # a soft label of .75: odds (.8/.2)^(.75 − .25) = 2
    found = method.posterior(seconds(0.5), seconds(0.75), here(1), True)
    assert torch.allclose(found, seconds(2 / 3), atol=1e-6)


def test_the_channel_by_hand() -> None:
    found, weak = seconds(0.0, 1.0, 1.0), seconds(0.0, 1.0, 0.0)
    assert torch.allclose(
        em(pseudo=0.0).channel(found, weak, True), torch.tensor([[1, 0], [0.5, 0.5]]), atol=1e-5
    )
    # ten items' worth of .8 and .2 beside them
    row = torch.tensor([1 + 2, 1 + 8]) / 12
    assert torch.allclose(em(pseudo=10.0).channel(found, weak, True)[1], row, atol=1e-5)
    right = em(pseudo=10.0).channel(found, weak, False)
    assert float(right) == pytest.approx((8 + 2) / 13, abs=1e-6)


def test_moves_share_what_is_left() -> None:
    weak = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    mask = torch.tensor([[True, True, True], [True, True, False]])
    prior = torch.tensor([[1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]])
    found = em(steps=1, trust=1.0).posterior(prior, weak, mask, False)
    assert torch.allclose(found, torch.tensor([[0.8, 0.1, 0.1], [0.8, 0.2, 0.0]]), atol=1e-6)


def test_a_lopsided_channel_is_found() -> None:
    """The teacher says first for four in ten of the seconds, and never errs on firsts; the student knows."""
    torch.manual_seed(0)
    gold = (torch.rand(2000) < 0.5).float()
    said = gold * (torch.rand(2000) < 0.6)
    prior, weak = seconds(*(0.1 + 0.8 * gold).tolist()), seconds(*said.tolist())
    method = em(trust=1.0, pseudo=1.0, steps=50)
    found = method.posterior(prior, weak, here(2000), True)
    channel = method.channel(found, weak, True)
    assert channel[0, 0] > 0.97 and float(channel[1, 1]) == pytest.approx(0.6, abs=0.05)


def test_the_first_round_is_on_the_zero_shot_prior_and_later_ones_on_the_student() -> None:
    weak, prior, own = seconds(0.9, 0.4), seconds(0.3, 0.5), seconds(0.8, 0.1)
    student = Recorder([own])
    load_method("noisy-channel-em").learn(student, inputs(weak, **{PRIOR: prior}))
    assert len(student.fits) == 2
    for fit, by in zip(student.fits, (prior, own), strict=True):
        assert torch.equal(fit["targets"], em().posterior(by, weak, here(2), True))
