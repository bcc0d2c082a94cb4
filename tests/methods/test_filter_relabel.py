"""Filter and relabel by hand."""

from __future__ import annotations

import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import load_method

WEAK = seconds(0.8, 0.45, 0.05, 0.6)  # certainty .6 .1 .9 .2
OWN = seconds(0.1, 0.9, 0.2, 0.3)


def test_the_rest_gets_the_student_s_labels() -> None:
    student = Recorder([OWN])
    load_method("filter-relabel", {"keep": 0.5}).learn(student, inputs(WEAK))
    first, second = student.fits
    assert first["items"].tolist() == [0, 2] and second.get("items") is None
    assert torch.allclose(second["targets"], seconds(0.8, 0.9, 0.05, 0.3))
    assert torch.allclose(OWN, seconds(0.1, 0.9, 0.2, 0.3))  # not changed in place


def test_hard_labels_are_the_student_s_alone() -> None:
    student = Recorder([OWN])
    load_method("filter-relabel", {"keep": 0.5, "hard": True}).learn(student, inputs(WEAK))
    assert torch.allclose(student.fits[1]["targets"], seconds(0.8, 1.0, 0.05, 0.0))


def test_certainty_is_told_from_the_number_of_options() -> None:
    """.6 of two options is .2 of the way from even to certain, .5 of four is a third of it."""
    weak = torch.tensor([[0.6, 0.4, 0.0, 0.0], [0.5, 0.2, 0.2, 0.1]])
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]], dtype=torch.bool)
    assert load_method("filter-relabel", {"keep": 0.5}).passes(weak, mask).tolist() == [1]


def test_nothing_left_to_relabel() -> None:
    student = Recorder([OWN])
    load_method("filter-relabel", {"keep": 1.0}).learn(student, inputs(WEAK))
    assert len(student.fits) == 1
