"""Co-supervised learning by hand: which specialist, which items."""

from __future__ import annotations

import pytest
import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import TEACHERS, load_method
from w2s_bench.methods.co_supervised import CoSupervised

SPECIALISTS = torch.stack([seconds(0.9, 0.9, 0.1), seconds(0.2, 0.7, 0.2)])
OWN = seconds(0.3, 0.95, 0.6)


def test_the_most_plausible_specialist_labels() -> None:
    found = CoSupervised().assigned(SPECIALISTS, OWN)
    assert torch.allclose(found, seconds(0.2, 0.9, 0.2))


@pytest.mark.parametrize("tolerance, kept", [(1.0, [True, True, False]), (0.66, [True, True, True])])
def test_consistent_items(tolerance: float, kept: list[bool]) -> None:
    """The third is labelled first, where the student says .4 against .6."""
    method = CoSupervised(CoSupervised.Options(tolerance=tolerance))
    assert method.consistent(seconds(0.2, 0.9, 0.2), OWN).tolist() == kept


def test_the_rounds() -> None:
    student = Recorder([OWN])
    given = inputs(SPECIALISTS[0], **{TEACHERS: SPECIALISTS})
    load_method("co-supervised", {"tolerance": 1.0, "rounds": 3}).learn(student, given)
    assert len(student.fits) == 3
    assert torch.allclose(student.fits[0]["targets"], seconds(0.55, 0.8, 0.15))
    assert torch.allclose(student.fits[1]["targets"], seconds(0.2, 0.9, 0.2))
    assert student.fits[1]["items"].tolist() == [True, True, False]


def test_all_items_where_none_is_consistent() -> None:
    student = Recorder([seconds(0.9)])
    teachers = seconds(0.1)[None]
    load_method("co-supervised", {"tolerance": 1.0}).learn(
        student, inputs(teachers[0], **{TEACHERS: teachers})
    )
    assert student.fits[1]["items"] is None
