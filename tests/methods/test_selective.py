"""Selective labels: the estimate against refits by hand, and whose label is taken."""

from __future__ import annotations

import pytest
import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import PRIOR, STATES
from w2s_bench.method_tools import LeaveOneOut
from w2s_bench.methods.selective import Selective


def test_left_out_without_features_is_the_mean_of_the_others() -> None:
    values = torch.tensor([[1.0], [0.0], [0.0], [1.0], [1.0]]).double()
    found = LeaveOneOut(torch.zeros(5, 1).double(), 0.1).predict(values)
    assert found.flatten().tolist() == pytest.approx([0.5, 0.75, 0.75, 0.5, 0.5])


def test_left_out_is_a_refit_without_the_row() -> None:
    torch.manual_seed(0)
    features, values = torch.randn(12, 2).double(), torch.rand(12, 1).double()
    x = (features - features.mean(0)) / features.std(0, correction=0)
    x = torch.cat([x, torch.ones(12, 1)], -1)
    decay = torch.diag(torch.tensor([3.6, 3.6, 0], dtype=torch.float64))
    for i in range(12):
        rest = torch.arange(12) != i
        weights = torch.linalg.solve(x[rest].T @ x[rest] + decay, x[rest].T @ values[rest])
        assert float(LeaveOneOut(features, 0.3).predict(values)[i]) == pytest.approx(
            float(x[i] @ weights), abs=1e-9
        )


def test_own_answers_where_they_are_trusted() -> None:
    """The student says "second" always; weak labels agree where the state is positive."""
    states = torch.tensor([[1.0], [1.1], [0.9], [1.0], [-1.0], [-1.1], [-0.9], [-1.0]])
    weak = seconds(0.9, 0.8, 0.9, 0.4, 0.1, 0.2, 0.3, 0.1)  # the fourth goes against its like
    prior = seconds(*[0.6] * 8)
    student = Recorder()
    method = Selective(Selective.Options(threshold=0.55))
    found = method.right(weak, prior, states)
    assert bool((found[:4] > 0.55).all()) and bool((found[4:] < 0.4).all())
    method.learn(student, inputs(weak, **{PRIOR: prior, STATES: states}))
    targets = student.fits[0]["targets"]
    assert torch.equal(targets[:4], seconds(1, 1, 1, 1)) and torch.equal(targets[4:], weak[4:])


def test_the_own_option_s_state_where_options_have_states() -> None:
    states = torch.arange(12.0).reshape(3, 2, 2)
    prior, weak = seconds(0.6, 0.4, 0.9), seconds(0.9, 0.9, 0.2)
    own = torch.stack([states[0, 1], states[1, 0], states[2, 1]])
    assert torch.equal(Selective().right(weak, prior, states), Selective().right(weak, prior, own))
