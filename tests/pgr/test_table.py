"""PGR as a join: hand-made cells, admission by gap and teacher, pools, pairing of rivals."""

from __future__ import annotations

import json
from dataclasses import asdict
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from w2s_bench import stats
from w2s_bench.pgr import cells as cells_module
from w2s_bench.pgr.cells import Cell, Rule, join
from w2s_bench.pgr.table import rows
from w2s_bench.records import CellRecord, TableRow

RULE = Rule(min_gap=0.02, min_teacher=0.0)


def right(count: int, of: int = 100, seeds: int = 2) -> np.ndarray:
    """Scores ``[S, N]`` with ``count`` right answers in every seed; the first ones are right."""
    return np.tile((np.arange(of) < count).astype(np.uint8), (seeds, 1))


def cell(*right_of_100: int, **changes: Any) -> Cell:
    """A cell whose teacher, student and ceiling have that many right answers of 100."""
    names = {"domain": "nlp", "task": "nlp/a", "teacher": "s", "student": "l", "method": "naive"}
    roles = ("teacher_correct", "student_correct", "ceiling_correct")
    scores = dict(zip(roles, map(right, right_of_100), strict=False))
    return Cell(seeds=(0, 1), **(names | scores | changes))


def only_row(made: Cell, rule: Rule = RULE) -> TableRow:
    row, _ = rows([made], rule, "suite")
    return row


def test_a_row_by_hand() -> None:
    row = only_row(cell(60, 70, 80))
    assert (row.suite, row.domain, row.task, row.teacher, row.student, row.method) == (
        "suite", "nlp", "nlp/a", "s", "l", "naive",
    )  # fmt: skip
    assert (row.teacher_accuracy, row.student_accuracy, row.ceiling_accuracy) == (0.6, 0.7, 0.8)
    assert row.gain == pytest.approx(0.1) and row.pgr == pytest.approx(0.5)
    assert row.admitted and row.reason is None
    assert (row.seeds, row.n_test, row.cells, row.cells_left_out) == (2, 100, 1, 0)
    assert row.gain_low < 0.1 < row.gain_high and row.pgr_low < 0.5 < row.pgr_high


@pytest.mark.parametrize(
    ("scores", "rule", "reason"),
    [
        ((60, 70, 60), RULE, "gap +0.0 is not positive"),
        ((60, 70, 57), RULE, "gap -3.0 is not positive"),
        ((60, 70, 61), RULE, "gap 1.0 below 2.0"),
        ((60, 70, 80), Rule(min_gap=0.02, min_teacher=0.65), "teacher 60.0 below 65.0"),
        ((60, 10, 80), RULE, None),  # the student has no say
        ((60, 70, 80), Rule(min_gap=0.0, min_teacher=0.6), None),
    ],
)
def test_admission_and_its_reasons(scores: tuple[int, int, int], rule: Rule, reason: str | None) -> None:
    row = only_row(cell(*scores), rule)
    assert row.reason == reason
    assert row.admitted == (reason is None)
    assert row.cells_left_out == int(reason is not None)


@pytest.mark.parametrize("teacher", range(0, 98, 7))
def test_a_gap_of_exactly_the_least_one_is_admitted(teacher: int) -> None:
    made = cell(teacher, teacher, teacher + 2)  # 0.82 − 0.80 is a little below 0.02 in floating point
    assert made.refusal(RULE) is None


def test_no_value_where_the_gap_is_not_positive() -> None:
    row = only_row(cell(60, 70, 60))
    assert (row.pgr, row.pgr_low, row.pgr_high, row.pgr_median) == (None, None, None, None)
    assert row.gain == pytest.approx(0.1)  # the points gained are still told


def test_a_gap_that_noise_may_have_made_has_a_value_but_no_interval() -> None:
    noisy = {"teacher_correct": np.tile([1, 0], (2, 50)), "ceiling_correct": np.tile([0, 1], (2, 50)).copy()}
    noisy["ceiling_correct"][:, :6] = 1
    row = only_row(cell(student_correct=right(55), **noisy))
    assert row.admitted and row.pgr is not None
    assert (row.pgr_low, row.pgr_high) == (None, None)
    assert row.reason == "unbounded: the gap is not separated from 0"


def test_a_pool_is_the_ratio_of_sums_over_admitted_cells() -> None:
    cells = [cell(60, 70, 80), cell(50, 60, 90, student="m"), cell(60, 95, 61, student="n")]
    pooled = rows(cells, RULE, "suite")[-1]
    assert (pooled.task, pooled.teacher, pooled.student) == (None, None, None)
    assert (pooled.cells, pooled.cells_left_out, pooled.admitted) == (2, 1, True)
    assert pooled.pgr == pytest.approx((0.10 + 0.10) / (0.20 + 0.40))
    assert pooled.pgr_median == pytest.approx((0.5 + 0.25) / 2)
    assert pooled.teacher_accuracy == pytest.approx(0.55) and pooled.gain == pytest.approx(0.10)
    assert pooled.pgr_low < pooled.pgr < pooled.pgr_high


def test_each_domain_and_method_has_a_pool_after_all_cells() -> None:
    cells = [
        cell(60, 70, 80, domain=domain, task=f"{domain}/a", method=method)
        for domain in ("nlp", "chess")
        for method in ("naive", "other")
    ]
    made = rows(cells, RULE, "suite")
    assert [row.task is None for row in made] == [False] * 4 + [True] * 4
    assert [(row.domain, row.method) for row in made[4:]] == [(c.domain, c.method) for c in cells]


def test_a_pool_without_an_admitted_cell_says_so() -> None:
    pooled = rows([cell(60, 70, 60), cell(60, 70, 50, student="m")], RULE, "suite")[-1]
    assert not pooled.admitted and pooled.reason == "none of 2 cells is admitted"
    assert pooled.pgr is None and pooled.teacher_accuracy is None and pooled.gain_low is None


def record(method: str, seed: int, student: str = "l") -> CellRecord:
    return CellRecord(
        domain="nlp", task="nlp/a", method=method, teacher="s", student=student, seed=seed,
        teacher_key=f"t{seed}", student_key=f"{student}{method}{seed}", ceiling_key=f"c{student}{seed}",
    )  # fmt: skip


def test_a_join_stacks_seeds_in_their_order_whatever_the_order_of_records() -> None:
    correct = {
        "t0": np.array([1, 0]), "t1": np.array([0, 0]), "lnaive0": np.array([1, 1]),
        "lnaive1": np.array([0, 1]), "cl0": np.array([1, 1]), "cl1": np.array([1, 0]),
    }  # fmt: skip
    (joined,) = cells_module.join([record("naive", 1), record("naive", 0)], correct)
    assert joined.seeds == (0, 1)
    assert joined.teacher_correct.tolist() == [[1, 0], [0, 0]]
    assert joined.student_correct.tolist() == [[1, 1], [0, 1]]
    assert joined.ceiling_correct.tolist() == [[1, 1], [1, 0]]
    assert joined.points == (0.25, 0.75, 0.75)


def test_tables_pair_teacher_student_and_ceiling() -> None:
    made = cell(60, 60, 80)
    assert not made.gain.any(), "the same answers, so no difference on any item"
    assert made.gap.sum() == 2 * 20 and (made.gap >= 0).all()
    row = only_row(made)
    assert row.gain == row.pgr == 0
    assert row.gain_low < 0 < row.gain_high and row.pgr_low < 0 < row.pgr_high, "no interval is a point"


def test_cells_of_a_task_are_added_up_and_tasks_are_not() -> None:
    one, other, elsewhere = cell(60, 70, 80), cell(60, 65, 80, student="m"), cell(60, 70, 80, task="nlp/b")
    pooled = cells_module.pooled((c.task, c.gain) for c in (one, other, elsewhere))
    assert len(pooled.tables) == 2 and pooled.units == pytest.approx([2 / 3, 1 / 3])
    assert np.allclose(pooled.tables[0], (one.gain + other.gain) / 3)
    assert np.allclose(pooled.tables[1], elsewhere.gain / 3)


def test_duplicated_seeds_leave_the_points() -> None:
    once, twice = cell(60, 70, 80), cell(60, 70, 80)
    doubled = {n: np.concatenate([getattr(twice, n)] * 2) for n in
               ("teacher_correct", "student_correct", "ceiling_correct")}  # fmt: skip
    row, more = only_row(once), only_row(cell(**doubled))
    assert (row.pgr, row.gain, row.student_accuracy) == (more.pgr, more.gain, more.student_accuracy)


def values(table: list[TableRow]) -> dict[tuple, tuple]:
    return {
        (row.domain, row.task, row.teacher, row.student, row.method): tuple(
            pytest.approx(value) if isinstance(value, float) else value for value in asdict(row).values()
        )
        for row in table
    }


def test_rows_do_not_depend_on_the_order_of_cells() -> None:
    cells = [
        cell(60, 60 + 5 * k, 85 + k, student=student, method=method, task=task)
        for k, student in enumerate("lmn")
        for method in ("naive", "other")
        for task in ("nlp/a", "nlp/b")
    ]
    shuffled = Random(0).sample(cells, len(cells))
    one, two = rows(cells, RULE, "suite"), rows(shuffled, RULE, "suite")
    assert {key: tuple(asdict(r).values()) for key, r in keyed(one)} == values(two)


def keyed(table: list[TableRow]):
    return [((r.domain, r.task, r.teacher, r.student, r.method), r) for r in table]


scores = st.integers(1, 2).flatmap(
    lambda seeds: st.integers(1, 12).flatmap(
        lambda items: st.lists(
            st.lists(st.integers(0, 1), min_size=seeds * items, max_size=seeds * items),
            min_size=3, max_size=3,
        ).map(lambda three: np.array(three, dtype=np.uint8).reshape(3, seeds, items))
    )
)  # fmt: skip


NO_GAP_IN_SOME_DRAWS = np.array([[0] * 12, [1] * 4 + [0] * 8, [1] * 4 + [0] * 8], dtype=np.uint8)


@settings(max_examples=20)
@given(scores)
@example(NO_GAP_IN_SOME_DRAWS[:, None, :])
def test_whatever_the_scores_there_is_null_and_never_nan(three: np.ndarray) -> None:
    made = cell(teacher_correct=three[0], student_correct=three[1], ceiling_correct=three[2])
    for row in rows([made], Rule(min_gap=0.0, min_teacher=0.0), "suite"):
        json.dumps(asdict(row), allow_nan=False)
        assert (row.pgr is None) == (three[2].mean() <= three[0].mean())
        assert row.pgr_low is None or row.pgr_low <= row.pgr_high


def test_agreement_is_with_the_teacher_of_all_items_and_of_those_it_has_wrong() -> None:
    teacher = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], np.uint8)
    agrees = np.array([[1, 0, 1, 0], [1, 1, 1, 0]], bool)
    told = cell(teacher_correct=teacher, student_correct=teacher, ceiling_correct=1 - teacher, agrees=agrees)
    row = only_row(told)
    assert (row.agreement, row.errors_copied, row.agreement_right) == (5 / 8, 3 / 5, 2 / 3)
    assert (row.corrected, row.new_errors) == (0, 0), "it is right where its teacher is"
    assert cell(50, 60, 70).agreement is None and only_row(cell(50, 60, 70)).agreement is None


def test_a_join_tells_similarity_and_what_the_student_s_record_tells() -> None:
    picked = {"t": np.array([0, 0, 1, 1], np.int16), "s": np.array([0, 1, 1, 1], np.int16)}
    correct = {key: np.array([1, 1, 1, 0], np.uint8) for key in "tsc"}
    one = CellRecord(
        domain="nlp", task="nlp/a", method="m", teacher="t", student="s", seed=0,
        teacher_key="t", student_key="s", ceiling_key="c",
    )  # fmt: skip
    told = {"s": {"brier_score": 0.25, "other": 1.0}, "t": {"brier_score": 0.5}}
    (made,) = join([one], correct, picked=picked, metrics=told)
    assert made.similarity == pytest.approx(0.5), "three of four alike, half of them by chance"
    assert only_row(made).brier_score == 0.25 and only_row(made).calibration_error is None
    (bare,) = join([one], correct)
    assert bare.similarity is None and only_row(bare).brier_score is None


def test_improvement_counts_pairs_of_seeds_and_detectable_is_in_accuracy() -> None:
    right = [[1] * k + [0] * (10 - k) for k in (5, 7)]  # accuracies of naive's two seeds
    naive, mine = np.array(right, np.uint8), np.array([[1] * 6 + [0] * 4, [1] * 8 + [0] * 2], np.uint8)
    teacher, ceiling = np.zeros((2, 10), np.uint8), np.ones((2, 10), np.uint8)
    cells = [
        cell(teacher_correct=teacher, student_correct=student, ceiling_correct=ceiling, method=method)
        for method, student in (("naive", naive), ("mine", mine))
    ]
    found = {r.method: r for r in rows(cells, Rule(min_gap=0, min_teacher=0), "suite") if r.task}
    assert found["mine"].probability_of_improvement == 3 / 4, ".6 > .5, .8 > .5, .8 > .7, .6 < .7"
    error, degrees = stats.standard_error([mine.astype(float) - naive])
    assert found["mine"].detectable == stats.minimum_detectable_difference(error, degrees)
    assert found["naive"].probability_of_improvement is None
