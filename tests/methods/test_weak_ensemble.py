"""AdaBoost weights over teachers by hand."""

from __future__ import annotations

import math

import pytest
import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import TEACHERS, load_method
from w2s_bench.methods.weak_ensemble import WeakEnsemble

HERE = torch.ones(4, 2, dtype=torch.bool)
TEACHERS_OF_4 = torch.stack(
    [seconds(0.9, 0.9, 0.1, 0.1), seconds(0.9, 0.4, 0.1, 0.1), seconds(0.4, 0.9, 0.1, 0.1)]
)  # consensus 1 1 0 0: none wrong, the second of item 1, the third of item 0


def test_by_hand() -> None:
    first = math.log(9)  # ε = .5/5
    second = math.log(0.7 / 0.3)  # ε = (4·¼ + .5)/5 = .3
    # D after the second: item 1 weighs e^α as much: 1/(3 + 7/3) = .1875 for the others
    error = (4 * 0.1875 + 0.5) / 5
    third = math.log((1 - error) / error)
    total = first + second + third
    found = WeakEnsemble().alphas(TEACHERS_OF_4, HERE)
    assert found.tolist() == pytest.approx([first / total, second / total, third / total], abs=1e-6)


def test_targets_are_the_weighted_mean() -> None:
    student = Recorder()
    load_method("weak-ensemble").learn(student, inputs(TEACHERS_OF_4[0], **{TEACHERS: TEACHERS_OF_4}))
    a = WeakEnsemble().alphas(TEACHERS_OF_4, HERE)
    expected = float(a[0] * 0.9 + a[1] * 0.9 + a[2] * 0.4)
    assert float(student.fits[0]["targets"][0, 1]) == pytest.approx(expected, abs=1e-6)


def test_more_options_raise_what_guessing_is() -> None:
    """Wrong in half of the items: no weight among two options, some among four (SAMME's log 3)."""
    sure = torch.eye(4)[torch.tensor([0, 0, 0, 0])]
    half = torch.eye(4)[torch.tensor([0, 0, 1, 1])]
    teachers = torch.stack([sure, sure, half])
    narrow = WeakEnsemble().alphas(teachers[..., :2], HERE)
    wide = WeakEnsemble().alphas(teachers, torch.ones(4, 4, dtype=torch.bool))
    assert float(narrow[2]) == 0
    sures = math.log(9) + math.log(3)
    assert float(wide[2]) == pytest.approx(math.log(3) / (2 * sures + math.log(3)), abs=1e-6)


def test_one_teacher_is_itself() -> None:
    assert WeakEnsemble().alphas(TEACHERS_OF_4[:1], HERE).tolist() == [1.0]
