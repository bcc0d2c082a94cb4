"""Early stopping on weak labels: what is selected, and when training ends."""

from __future__ import annotations

import math

import pytest
import torch
from support.recorder import Recorder, inputs, labelled, seconds
from torch import Tensor

from w2s_bench.method import GOLD_BUDGET, VALIDATION, load_method
from w2s_bench.methods.early_stopping import EarlyStopping

WEAK = seconds(0.8, 0.3)
SEEN = [seconds(0.5, 0.5), seconds(0.7, 0.3), seconds(0.99, 0.4), seconds(0.9, 0.9), seconds(0.7, 0.3)]


def stopped(answers: list[Tensor], **options: object) -> Recorder:
    student = Recorder(looks=len(answers), other=lambda k: answers[k - 1])
    method = load_method("early-stopping", dict(options))
    method.learn(student, inputs(WEAK, **{VALIDATION: labelled(WEAK)}))
    return student


def test_the_values_by_hand() -> None:
    by = {b: EarlyStopping(EarlyStopping.Options(by=b)) for b in ("cross-entropy", "agreement")}
    expected = [0.2 * math.log(0.3) + 0.8 * math.log(0.7), 0.7 * math.log(0.1) + 0.3 * math.log(0.9)]
    assert by["cross-entropy"].values(seconds(0.7, 0.9), WEAK).tolist() == pytest.approx(expected, abs=1e-6)
    assert by["agreement"].values(seconds(0.7, 0.9), WEAK).tolist() == [1, 0]
    sure = by["cross-entropy"].values(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]))
    assert bool(torch.isfinite(sure).all())


def test_worse_is_by_more_than_the_standard_error_of_the_difference() -> None:
    best, values = torch.tensor([1.0, 1.0, 1.0, 1.0]), torch.tensor([1.0, 1.0, 1.0, 0.0])
    # gap: mean 1/4, deviation √3/4, standard error √3/8 = 0.2165: 1.155 standard errors
    for tolerance, found in ((0.0, True), (1.0, True), (1.2, False)):
        assert EarlyStopping(EarlyStopping.Options(tolerance=tolerance)).worse(values, best) is found


def test_the_best_moment_is_restored_and_the_later_of_equals_wins() -> None:
    assert stopped(SEEN, tolerance=0).restored == 5
    assert stopped(SEEN[:4], tolerance=0).restored == 2
    assert stopped(SEEN[:4], tolerance=0, by="agreement").restored == 3


def test_few_labels_do_not_undo_a_training() -> None:
    """By agreement the last moment misses one label of two, √2 standard errors below the best."""
    assert stopped(SEEN[:4], by="agreement", tolerance=1.5).restored == 4
    assert stopped(SEEN[:4], by="agreement", tolerance=1.4).restored == 3


def test_patience_ends_training() -> None:
    student = stopped(SEEN, patience=2, tolerance=0)
    assert (student.looked, student.restored) == (4, 2)
    assert stopped(SEEN, tolerance=0).looked == 5


def test_it_asks_for_no_gold() -> None:
    method = load_method("early-stopping")
    assert GOLD_BUDGET not in method.inputs and not method.uses_gold
