"""Tie groups by hand, and in the table: ranked on held-out tasks, reference rows apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2s_bench.pgr.cells import Cell, Rule
from w2s_bench.pgr.table import rows
from w2s_bench.pgr.tie_groups import tie_groups
from w2s_bench.records import TableRow
from w2s_bench.report.ranking import league_markdown
from w2s_bench.report.tables import as_markdown

RULE = Rule(min_gap=0.02, min_teacher=0.0)
ITEMS, SEEDS = 400, 3


def scores(right: float, salt: int) -> np.ndarray:
    """``[S, N]`` with a share of right answers at places that differ by ``salt``."""
    order = np.random.default_rng(salt).permutation(ITEMS)
    return np.tile((order < right * ITEMS).astype(np.uint8), (SEEDS, 1))


def cell(method: str, right: float, task: str = "nlp/a", **changes: Any) -> Cell:
    return Cell(
        domain="nlp",
        task=task,
        teacher="s",
        student="l",
        method=method,
        seeds=(0, 1, 2),
        teacher_correct=scores(0.6, 1),
        student_correct=scores(right, 2),
        ceiling_correct=scores(0.95, 3),
        **changes,
    )


def pool(method: str, right: float, task: str = "nlp/a") -> list[Cell]:
    return [cell(method, right, task)]


def test_a_group_ends_where_a_method_is_worse_than_its_leader() -> None:
    pools = {n: pool(n, r) for n, r in (("c", 0.7), ("naive", 0.8), ("a", 0.9), ("b", 0.9), ("d", 0.7))}
    assert tie_groups(pools) == {"a": 1, "b": 1, "naive": 2, "c": 3, "d": 3}


def test_methods_without_a_common_cell_are_not_told_apart() -> None:
    assert tie_groups({"a": pool("a", 0.9), "b": pool("b", 0.6, "nlp/b")}) == {"a": 1, "b": 1}


def test_a_method_without_cells_has_no_group() -> None:
    assert tie_groups({"a": pool("a", 0.9), "b": []}) == {"a": 1}
    assert tie_groups({}) == {}


def table(development: tuple[str, ...]) -> list[TableRow]:
    cells = [
        cell(method, right + (0.1 if task == "nlp/a" else 0), task, reference=method == "zero")
        for task in ("nlp/a", "nlp/b")
        for method, right in (("naive", 0.7), ("good", 0.8), ("zero", 0.65))
    ]
    return rows([*cells], RULE, "suite", development)


def test_boards_rank_on_held_out_tasks_where_there_are_marks() -> None:
    found = table(("nlp/a",))
    held = {r.method: r for r in found if r.pool == "held-out"}
    assert {m: (r.group, r.cells) for m, r in held.items()} == {
        "naive": (2, 1),
        "good": (1, 1),
        "zero": (None, 1),
    }
    assert held["good"].student_accuracy == 0.8, "the development task is not in it"
    assert all(r.group is None for r in found if r.pool != "held-out")


def test_without_marks_all_admitted_cells_rank() -> None:
    found = table(())
    assert not [r for r in found if r.pool == "held-out"]
    assert {r.method: r.group for r in found if r.pool == "admitted"} == {"naive": 2, "good": 1, "zero": None}


def test_the_table_shows_groups_in_their_order() -> None:
    text = as_markdown(table(("nlp/a",)))
    ranking = text[text.index("the ranking") :]
    assert ranking.index("1. good") < ranking.index("2. naive") < ranking.index("| zero")


def test_the_ranking_alone() -> None:
    text = league_markdown(table(("nlp/a",)))
    shown = [line.split(" | ")[:4] for line in text.splitlines() if line.startswith("| ")][1:]
    assert shown == [
        ["| 1", "good", "1", "80.0"],
        ["| 2", "naive", "1", "70.0"],
        ["| reference", "zero", "1", "65.0"],
    ], "of held-out cells alone"
    assert league_markdown([]) == ""
