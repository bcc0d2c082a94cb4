"""Co-teaching by hand: who hands what to whom."""

from __future__ import annotations

import pytest
import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import load_method
from w2s_bench.methods.co_teaching import CoTeaching

WEAK = seconds(0.8, 0.3, 0.5, 0.9, 0.1)
OWN = seconds(0.8, 0.3, 0.5, 0.2, 0.4)  # far off at item 3, less so at item 4


@pytest.mark.parametrize("forget, rows", [(0.0, [0, 1, 2, 3, 4]), (0.2, [0, 1, 2, 4]), (0.4, [0, 1, 2])])
def test_the_smallest_losses(forget: float, rows: list[int]) -> None:
    method = CoTeaching(CoTeaching.Options(forget=forget, gradual=1))
    assert method.easiest(OWN, WEAK, 1).tolist() == rows


def test_a_soft_label_that_is_met_is_no_loss() -> None:
    """An even label costs log 2 at best; it is dropped after a sure one that is missed."""
    method = CoTeaching(CoTeaching.Options(forget=0.5, gradual=1))
    assert method.easiest(seconds(0.5, 0.7), seconds(0.5, 1.0), 1).tolist() == [0]


def test_the_share_shrinks_over_gradual_rounds() -> None:
    method = CoTeaching(CoTeaching.Options(forget=0.4, gradual=2))
    assert [len(method.easiest(OWN, WEAK, r)) for r in (1, 2, 3)] == [4, 3, 3]


def test_each_learns_what_the_other_finds_easy() -> None:
    student = Recorder([OWN])  # its twin answers OWN turned about: far off at 0 and 1, and at 3, 4
    load_method("co-teaching", {"forget": 0.4, "rounds": 2, "gradual": 1}).learn(student, inputs(WEAK))
    method, other = CoTeaching(CoTeaching.Options(forget=0.4, gradual=1)), student.twins[0]
    assert len(student.fits) == 3 and len(other.fits) == 2
    handed = method.easiest(OWN.flip(0), WEAK, 1)
    assert student.fits[1]["items"].tolist() == handed.tolist()
    assert other.fits[1]["items"].tolist() == [0, 1, 2]
    assert torch.equal(student.fits[2]["targets"], WEAK)
