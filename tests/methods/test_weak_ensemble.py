"""AdaBoost weights over teachers by hand."""

from __future__ import annotations

import math

import pytest
import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.method import GOLD_BUDGET, TEACHERS, Labelled, load_method
from w2s_bench.methods.weak_ensemble import WeakEnsemble
from w2s_bench.student import BUDGET_TEACHERS

HERE = torch.ones(4, 2, dtype=torch.bool)
GOLD = seconds(1.0, 1.0, 0.0, 0.0)
TEACHERS_OF_4 = torch.stack(
    [seconds(0.9, 0.9, 0.1, 0.1), seconds(0.9, 0.4, 0.1, 0.1), seconds(0.4, 0.9, 0.1, 0.1)]
)  # against gold none wrong, the second of item 1, the third of item 0


def test_by_hand() -> None:
    first = math.log(9)  # ε = .5/5
    second = math.log(0.7 / 0.3)  # ε = (4·¼ + .5)/5 = .3
    # D after the second: item 1 weighs e^α as much: 1/(3 + 7/3) = .1875 for the others
    error = (4 * 0.1875 + 0.5) / 5
    third = math.log((1 - error) / error)
    total = first + second + third
    found = WeakEnsemble().alphas(TEACHERS_OF_4, GOLD, HERE)
    assert found.tolist() == pytest.approx([first / total, second / total, third / total], abs=1e-6)


def test_targets_are_the_weighted_mean() -> None:
    student, budget = Recorder(), Labelled(labels=GOLD, mask=HERE)
    given = {TEACHERS: TEACHERS_OF_4, BUDGET_TEACHERS: TEACHERS_OF_4, GOLD_BUDGET: budget}
    load_method("weak-ensemble").learn(student, inputs(TEACHERS_OF_4[0], **given))
    a = WeakEnsemble().alphas(TEACHERS_OF_4, GOLD, HERE)
    expected = float(a[0] * 0.9 + a[1] * 0.9 + a[2] * 0.4)
    assert float(student.fits[0]["targets"][0, 1]) == pytest.approx(expected, abs=1e-6)


def test_more_options_raise_what_guessing_is() -> None:
    """Wrong in half of the items: no weight among two options, some among four (SAMME's log 3)."""
    sure = torch.eye(4)[torch.tensor([0, 0, 0, 0])]
    half = torch.eye(4)[torch.tensor([0, 0, 1, 1])]
    teachers = torch.stack([sure, sure, half])
    narrow = WeakEnsemble().alphas(teachers[..., :2], sure[:, :2], HERE)
    wide = WeakEnsemble().alphas(teachers, sure, torch.ones(4, 4, dtype=torch.bool))
    assert float(narrow[2]) == 0
    sures = math.log(9) + math.log(3)
    assert float(wide[2]) == pytest.approx(math.log(3) / (2 * sures + math.log(3)), abs=1e-6)


def test_one_teacher_is_itself() -> None:
    assert WeakEnsemble().alphas(TEACHERS_OF_4[:1], GOLD, HERE).tolist() == [1.0]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_better_teachers_weigh_more(order: tuple[int, ...]) -> None:
    """Independent teachers of .85, .72 and .60 on 2,000 items, in any order of the list."""
    generator = torch.Generator().manual_seed(0)
    gold = torch.randint(2, (2000,), generator=generator)
    answers = []
    for accuracy in (0.85, 0.72, 0.60):
        right = torch.rand(2000, generator=generator) < accuracy
        answers.append(torch.eye(2)[torch.where(right, gold, 1 - gold)])
    mask = torch.ones(2000, 2, dtype=torch.bool)
    weights = WeakEnsemble().alphas(torch.stack([answers[k] for k in order]), torch.eye(2)[gold], mask)
    by_accuracy = [float(weights[order.index(k)]) for k in range(3)]
    assert by_accuracy[0] > by_accuracy[1] > by_accuracy[2] > 0
    expected = [math.log(a / (1 - a)) for a in (0.85, 0.72, 0.60)]
    assert by_accuracy == pytest.approx([e / sum(expected) for e in expected], abs=0.05)
