"""Overlap selection by hand: the change point, the score, the items."""

from __future__ import annotations

import pytest
import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import STATES
from w2s_bench.methods.overlap_selection import OverlapSelection, change_point

WEAK = seconds(0.55, 0.5, 0.95, 0.9, 0.05, 0.08)  # the first two are hard
STATES_OF_6 = torch.tensor([[0.0, 1.0], [0.0, 2.0], [1.0, 0.0], [0.1, -1.5], [-1.0, 0.1], [-0.1, -1.4]])
HERE = torch.ones(6, 2, dtype=torch.bool)


def test_the_change_point_is_where_two_groups_spread_least() -> None:
    assert change_point(torch.tensor([0.9, 0.1, 0.2, 0.95, 0.85])) == pytest.approx(0.85)
    torch.manual_seed(0)
    values = torch.rand(30).double()
    ranked = values.sort().values
    spread = {
        i: float(ranked[:i].var(correction=0) * i + ranked[i:].var(correction=0) * (30 - i))
        for i in range(3, 28)
    }
    assert change_point(values) == float(ranked[min(spread, key=spread.__getitem__)])
    assert change_point(torch.tensor([0.5])) == 0.5


def test_items_near_the_hard_ones_are_kept() -> None:
    kept = OverlapSelection(OverlapSelection.Options(hard=False)).chosen(WEAK, HERE, STATES_OF_6)
    assert kept.tolist() == [False, False, False, True, False, True]
    both = OverlapSelection(OverlapSelection.Options(hard=True)).chosen(WEAK, HERE, STATES_OF_6)
    assert both.tolist() == [True, True, False, True, False, True]


def test_the_score_by_hand() -> None:
    """Standardised states of two columns ±1; the hard one is the first: |cos| 1, 0, 1, 0."""
    states = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0]])
    hard = torch.tensor([True, False, False, False])
    assert OverlapSelection().overlap(states, hard).tolist() == pytest.approx([1, 0, 1, 0], abs=1e-6)


def test_the_teacher_s_option_s_state_where_options_have_states() -> None:
    torch.manual_seed(0)
    states = torch.randn(6, 2, 3)
    own = states[torch.arange(6), WEAK.argmax(-1)]
    assert torch.equal(
        OverlapSelection().chosen(WEAK, HERE, states), OverlapSelection().chosen(WEAK, HERE, own)
    )


def test_labels_that_are_all_alike_are_all_kept() -> None:
    student = Recorder()
    weak = seconds(*[0.7] * 6)
    OverlapSelection().learn(student, inputs(weak, **{STATES: STATES_OF_6}))
    assert student.fits[0]["items"].all()
