"""Reference rows: what they are made of, that keys of other fits stay, and that marks follow from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s_bench.api import run_suite
from w2s_bench.errors import BadSuite
from w2s_bench.method import load_method
from w2s_bench.pgr.cells import Cell, Rule
from w2s_bench.pgr.table import rows
from w2s_bench.plan.job import FitJob
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.plan.reference_rows import SUMMARIES
from w2s_bench.registry.items import items, method_kind
from w2s_bench.run.settings import RunSettings
from w2s_bench.run.weak_labels import shuffled
from w2s_bench.suite import parse_suite

SUITE = """
name = "references"
version = 1
seeds = [0]
methods = ["naive", "generative"]
references = [ROWS]
[data]
teacher = 40
transfer = 40
validation = 0
test = 30
[[grid]]
tasks = ["{task}"]
models = [{models}]
training = {{ epochs = 1, max_length = 48 }}
"""


ROWS = (
    "zero-shot",
    "random-init",
    "shuffled-labels",
    "self-training",
    "bow-teacher",
    "weak-copy",
    "majority",
    "coherence",
    "ceiling",
)


def suite(task: str = "nlp/polarity-generated", *models: str) -> str:
    named = ", ".join(f'"{m}"' for m in models or ("llama:16x1", "llama:32x1"))
    rows = ", ".join(f'"{r}"' for r in ROWS)
    return SUITE.format(task=task, models=named).replace("[ROWS]", f"[{rows}]")


def bare() -> str:
    """The suite without reference rows."""
    return "\n".join(line for line in suite().splitlines() if not line.startswith("references"))


def planned(text: str) -> Plan:
    return make_plan(parse_suite(text, "test.toml"), None)


def fits(plan: Plan, **wanted: Any) -> list[FitJob]:
    found = [j for j in plan.jobs.values() if isinstance(j, FitJob)]
    return [j for j in found if all(getattr(j, k) == v for k, v in wanted.items())]


@given(st.integers(1, 30), st.integers(2, 5), st.integers(0, 5))
def test_shuffling_keeps_the_mix_of_labels(items: int, width: int, seed: int) -> None:
    labels = np.random.default_rng(seed).dirichlet(np.ones(width), items).astype(np.float32)
    out = shuffled(labels, np.full(items, width), seed)
    assert sorted(map(tuple, out.tolist())) == sorted(map(tuple, labels.tolist()))


@given(st.lists(st.integers(1, 6), min_size=2, max_size=20), st.integers(0, 5))
def test_shuffling_legal_moves_stays_among_an_items_own(counts: list[int], seed: int) -> None:
    counts = [*counts, 6, 2]
    labels = np.zeros((len(counts), 6), np.float32)
    for row, count in zip(labels, counts, strict=True):
        row[:count] = np.random.default_rng(seed).dirichlet(np.ones(count))
    out = shuffled(labels, np.array(counts), seed)
    for row, old, count in zip(out, labels, counts, strict=True):
        assert sorted(row[:count]) == sorted(old[:count]) and not row[count:].any()


def test_every_reference_row_is_a_cell_and_is_marked_so() -> None:
    plan = planned(suite())
    marked = {c.method for c in plan.cells if c.reference}
    assert marked == set(SUMMARIES) - {"oracle-early-stopping"}
    assert {c.method for c in plan.cells if not c.reference} == {"naive", "generative"}


def test_weak_copy_costs_nothing_and_gains_nothing(tmp_path: Path) -> None:
    cell = next(c for c in planned(suite()).cells if c.method == "weak-copy")
    assert cell.student_key == cell.teacher_key
    (tmp_path / "s.toml").write_text(suite())
    done = run_suite(
        str(tmp_path / "s.toml"), RunSettings(out=tmp_path / "run", store=tmp_path / "store", workers=1)
    )
    by_method = {r.method: r for r in done.rows if r.task}
    assert by_method["weak-copy"].gain == 0
    assert by_method["zero-shot"].over_zero_shot is None
    assert by_method["naive"].needs_no_teacher is not None
    assert not (tmp_path / "run" / "entries" / "zero-shot.json").exists()
    table = (tmp_path / "run" / "table.txt").read_text()
    assert "vs naive" in table and "of these, clean" in table


def test_reference_rows_change_no_other_key() -> None:
    assert set(planned(bare()).jobs) < set(planned(suite()).jobs)


def test_a_bag_of_words_teaches_in_a_row_of_its_own() -> None:
    plan = planned(suite())
    cell = next(c for c in plan.cells if c.method == "bow-teacher")
    teacher, student = (fits(plan, key=k)[0] for k in (cell.teacher_key, cell.student_key))
    assert (teacher.model, teacher.part, teacher.labels) == ("bow", "teacher", None)
    assert teacher.training["learning_rate"] == 0.02 and teacher.training["max_length"] == 48
    assert (student.model, student.method, student.labels) == ("llama:32x1", "naive", teacher.key)
    assert cell.ceiling_key == next(c for c in plan.cells if c.method == "naive").ceiling_key


def test_zero_shot_is_asked_once_for_all_teachers_and_trains_nothing() -> None:
    plan = planned(suite("nlp/polarity-generated", "bow", "llama:16x1", "llama:32x1"))
    asked = fits(plan, role="reference")
    assert [j.model for j in asked] == ["llama:16x1", "llama:32x1"]
    assert all(j.predicts == ("test",) and j.training == {} and "zero-shot" in j.title for j in asked)


def test_what_has_no_answer_before_training_has_no_zero_shot_row() -> None:
    plan = planned(suite("chess/tactics-generated", "bow", "board:8x1"))
    marked = {c.method for c in plan.cells if c.reference}
    assert marked == set(SUMMARIES) - {"oracle-early-stopping"}  # a board network answers
    assert not fits(plan, role="reference", model="bow")


def test_generative_finetuning_is_given_to_teacher_and_ceiling_alike() -> None:
    plan = planned(suite())
    staged = fits(plan, stage={"epochs": 1, "rate": 1.0})
    assert sorted(j.role for j in staged) == ["ceiling", "student", "teacher"]
    own = next(c for c in plan.cells if c.method == "generative")
    assert {own.teacher_key, own.student_key, own.ceiling_key} == {j.key for j in staged}


def test_generative_finetuning_is_left_out_where_nothing_generates() -> None:
    plan = planned(suite("chess/tactics-generated", "board:8x1", "board:12x1"))
    assert "generative" not in {c.method for c in plan.cells}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"weak-copy", ', '"weak-cop", ', "references"),
        ("training = {", 'methods = ["confidence"]\ntraining = {', "'confidence'"),
    ],
)
def test_unknown_rows_are_one_clear_error(old: str, new: str, told: str) -> None:
    with pytest.raises(BadSuite, match=told):
        planned(suite().replace(old, new))


def test_a_grid_may_take_a_part_of_the_methods() -> None:
    text = suite().replace("training = {", 'methods = ["naive"]\nreferences = ["weak-copy"]\ntraining = {')
    assert {c.method for c in planned(text).cells} == {"naive", "weak-copy"}


@pytest.mark.parametrize("name", items("method"))
def test_rows_are_marked_in_the_list_as_in_their_class(name: str) -> None:
    """Listing imports nothing: the first line must say what the class says."""
    assert method_kind(items("method")[name].summary) == load_method(name).kind
    assert (load_method(name).kind == "method") == (name not in SUMMARIES)


def cell(method: str, right: int, *, student: str = "s", reference: bool = False) -> Cell:
    def of(n: int) -> np.ndarray:
        return np.tile((np.arange(100) < n).astype(np.uint8), (2, 1))

    return Cell(
        domain="nlp",
        task="t",
        teacher="w",
        student=student,
        method=method,
        seeds=(0, 1),
        teacher_correct=of(60),
        student_correct=of(right),
        ceiling_correct=of(90),
        reference=reference,
    )


def test_cells_that_zero_shot_solves_are_marked_and_pooled_apart() -> None:
    cells = [cell("naive", 70), cell("zero-shot", 50, reference=True)]
    cells += [cell("naive", 70, student="l"), cell("zero-shot", 70, student="l", reference=True)]
    table = rows(cells, Rule(min_gap=0.02, min_teacher=0.6), "suite")
    marks = {r.student: r.needs_no_teacher for r in table if r.task}
    assert marks == {"s": False, "l": True}
    pools = {(r.method, r.pool): r.cells for r in table if not r.task}
    assert pools["naive", "admitted"] == 2 and pools["naive", "clean"] == 1
    over = next(r for r in table if r.student == "s" and r.method == "naive")
    assert over.over_zero_shot == pytest.approx(0.2) and over.over_naive is None


def test_the_teachers_floor_is_scaled_to_the_number_of_options() -> None:
    rule = Rule(min_gap=0.0, min_teacher=0.6)
    assert rule.floor(0.5) == pytest.approx(0.6)
    assert rule.floor(0.25) == pytest.approx(0.4)
    four = replace(cell("naive", 70), teacher_correct=cell("x", 45).student_correct, chance=0.25)
    assert four.refusal(rule) is None
    assert "below 60" in str(replace(four, chance=0.5).refusal(rule))


def test_a_suite_without_references_hashes_as_before() -> None:
    assert "references" not in parse_suite(bare(), "t").model_dump(exclude_defaults=True)
