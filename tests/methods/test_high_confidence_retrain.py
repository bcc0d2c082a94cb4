"""High-confidence retraining: which items, whose labels."""

from __future__ import annotations

import pytest
import torch
from support.recorder import Recorder, inputs, seconds
from torch import Tensor

from w2s_bench.method import harden, load_method

WEAK = seconds(0.8, 0.3, 0.6, 0.9)
OWN = seconds(0.55, 0.1, 0.8, 0.4)  # confidence .55 .9 .8 .6


@pytest.mark.parametrize("keep, rows", [(0.5, [1, 2]), (0.75, [1, 2, 3]), (1.0, [0, 1, 2, 3]), (0.01, [1])])
def test_the_surest_are_kept(keep: float, rows: list[int]) -> None:
    student = Recorder([OWN])
    load_method("high-confidence-retrain", {"keep": keep}).learn(student, inputs(WEAK))
    assert len(student.fits) == 2 and torch.equal(student.fits[0]["targets"], WEAK)
    assert student.fits[1]["items"].tolist() == rows


@pytest.mark.parametrize("labels, expected", [("own", OWN), ("own-hard", harden(OWN)), ("weak", WEAK)])
def test_whose_labels(labels: str, expected: Tensor) -> None:
    student = Recorder([OWN])
    load_method("high-confidence-retrain", {"labels": labels}).learn(student, inputs(WEAK))
    assert torch.equal(student.fits[1]["targets"], expected)
    assert student.fits[1].get("fresh", True)
