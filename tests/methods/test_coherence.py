"""Coherent labels by hand; weak labels are not looked at."""

from __future__ import annotations

import pytest
import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import PRIOR, STATES, load_method
from w2s_bench.method_tools import LeaveOneOut
from w2s_bench.methods.coherence import Coherence, balanced


def test_left_out_is_a_refit_without_the_row() -> None:
    torch.manual_seed(0)
    states, values = torch.randn(10, 2).double(), torch.rand(10, 3).double()
    x = (states - states.mean(0)) / states.std(0, correction=0)
    x = torch.cat([x, torch.ones(10, 1)], -1)
    decay = torch.diag(torch.tensor([2.0, 2.0, 0.0], dtype=torch.float64))  # .2 of ten items
    found = LeaveOneOut(states, 0.2).predict(values)
    for i in range(10):
        rest = torch.arange(10) != i
        weights = torch.linalg.solve(x[rest].T @ x[rest] + decay, x[rest].T @ values[rest])
        assert found[i].tolist() == pytest.approx((x[i] @ weights).tolist(), abs=1e-9)


def test_balanced_has_the_shares() -> None:
    found = balanced(seconds(0.9, 0.8, 0.95, 0.7), torch.tensor([0.5, 0.5]))
    assert found.mean(0).tolist() == pytest.approx([0.5, 0.5], abs=1e-3)
    order = found[:, 1].argsort().tolist()
    assert order == [3, 1, 0, 2]  # who is likelier stays likelier


def test_an_answer_against_its_like_is_turned() -> None:
    """Two groups; in each one item of five has a prior that says the other thing, and not for sure."""
    states = torch.tensor([[1.0], [1.1], [0.9], [1.0], [1.05], [-1.0], [-1.1], [-0.9], [-1.0], [-1.05]])
    prior = seconds(0.8, 0.9, 0.8, 0.7, 0.45, 0.2, 0.1, 0.2, 0.3, 0.55)
    method = Coherence(Coherence.Options(ridge=0.01))
    found = method.coherent(prior, torch.ones(10, 2, dtype=torch.bool), states)
    assert found.argmax(-1).tolist() == [1] * 5 + [0] * 5


def test_options_with_states_of_their_own() -> None:
    """Moves whose state is positive are the ones that priors like; the last item's prior says otherwise."""
    mask = torch.tensor([[1, 1, 0], [1, 1, 1], [1, 1, 0], [1, 1, 1]], dtype=torch.bool)
    states = torch.tensor([[1.0, -1, 0], [-1, -1, 1], [-1, 1, 0], [1, -1, -1]])[..., None]
    prior = torch.tensor([[0.8, 0.2, 0], [0.1, 0.1, 0.8], [0.2, 0.8, 0], [0.32, 0.36, 0.32]])
    found = Coherence().coherent(prior, mask, states)
    assert found.argmax(-1).tolist() == [0, 2, 1, 0] and not found[~mask].any()


def test_weak_labels_are_not_looked_at() -> None:
    torch.manual_seed(0)
    states, prior = torch.randn(6, 2), seconds(0.2, 0.8, 0.6, 0.3, 0.7, 0.4)
    targets = []
    for weak in (seconds(*[0.9] * 6), seconds(*[0.1] * 6)):
        student = Recorder()
        load_method("coherence").learn(student, inputs(weak, **{PRIOR: prior, STATES: states}))
        targets.append(student.fits[0]["targets"])
    assert torch.equal(*targets) and load_method("coherence").kind == "reference"
