"""Comparing runs and methods: differences by hand, what moved, and what cannot be compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import w2s

from w2s_bench.errors import UserError
from w2s_bench.report.compare import as_text, compare, side
from w2s_bench.results.run_folder import save_run


@pytest.fixture
def folder(tmp_path: Path, toy_run: dict[str, Any]) -> Path:
    save_run(tmp_path / "a", **toy_run)
    return tmp_path / "a"


def test_two_methods_of_a_run(folder: Path) -> None:
    found = compare(side(f"{folder}:naive"), side(f"{folder}:confidence"))
    assert found.hurdles == []
    cells = {(d.task, d.student): d for d in found.differences if d.task}
    assert len(cells) == 6
    line = cells["nlp/toy", "large"]
    assert (line.first, line.second) == ("naive", "confidence")
    assert line.value == pytest.approx((56 - 50) / 80) and line.low < line.value < line.high
    assert not line.other_teacher
    pools = {d.domain: d for d in found.differences if not d.task}
    assert pools["nlp"].value == pytest.approx((4 + 6) / 160) and pools["nlp"].cells == 2
    assert 0 < pools["nlp"].p <= 1


def test_a_run_against_itself_moves_nothing(folder: Path) -> None:
    found = compare(side(str(folder)), side(str(folder)))
    assert {d.value for d in found.differences} == {0.0} and not any(d.moved for d in found.differences)
    assert "0 of 12 cells moved" in as_text(found, "a", "a")


def test_swapped_sides_change_the_sign(folder: Path) -> None:
    there = compare(side(f"{folder}:naive"), side(f"{folder}:confidence")).differences
    back = compare(side(f"{folder}:confidence"), side(f"{folder}:naive")).differences
    for one, other in zip(there, back, strict=True):
        assert other.value == pytest.approx(-one.value) and other.low == pytest.approx(-one.high)


def test_other_suites_and_items_are_told(folder: Path, tmp_path: Path, toy_run: dict[str, Any]) -> None:
    info = replace(toy_run["info"], suite_hash="f" * 32, suite_version=4, libraries={"torch": "2.1"})
    scored = [
        replace(s, answers=replace(s.answers, items=[f"new-{i}" for i in s.answers.items]))
        if s.record.domain == "chess"
        else s
        for s in toy_run["scored"]
    ]
    save_run(tmp_path / "b", **(toy_run | {"info": info, "scored": scored}))
    found = compare(side(str(folder)), side(str(tmp_path / "b")))
    assert any("suites differ: toy version 3" in h for h in found.hurdles)
    assert any("other versions of torch: 2.0 and 2.1" in h for h in found.hurdles)
    assert any("chess/toy: the test items differ" in h for h in found.hurdles)
    assert {d.domain for d in found.differences} == {"nlp", "reward"}


def test_only_common_seeds_count(folder: Path, tmp_path: Path, toy_run: dict[str, Any]) -> None:
    cells = [c for c in toy_run["cells"] if c.seed == 1]
    save_run(tmp_path / "b", **(toy_run | {"cells": cells}))
    found = compare(side(str(folder)), side(str(tmp_path / "b")))
    assert {d.seeds for d in found.differences} == {1}


def test_other_teachers_are_marked(folder: Path, tmp_path: Path, toy_run: dict[str, Any]) -> None:
    ceilings = {c.student_key: c.ceiling_key for c in toy_run["cells"]}
    cells = [replace(c, teacher_key=ceilings[c.student_key]) for c in toy_run["cells"]]
    save_run(tmp_path / "b", **(toy_run | {"cells": cells}))
    found = compare(side(str(folder)), side(str(tmp_path / "b")))
    assert all(d.other_teacher for d in found.differences if d.task)


def test_a_method_of_ones_own_is_named_as_in_tables(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    cells = [replace(c, method="mine.py:Mine") if c.method == "confidence" else c for c in toy_run["cells"]]
    save_run(tmp_path / "own", **(toy_run | {"cells": cells}))
    found = compare(side(f"{tmp_path / 'own'}:naive"), side(f"{tmp_path / 'own'}:mine.py:Mine"))
    assert {d.second for d in found.differences} == {"mine.py:Mine"}


def test_bad_sides(folder: Path) -> None:
    with pytest.raises(UserError, match="no method 'none'"):
        side(f"{folder}:none")
    with pytest.raises(UserError, match="no run in this folder"):
        side(str(folder / "nowhere"))
    with pytest.raises(UserError, match="share no cell"):
        compare(side(f"{folder}:naive"), replace(side(str(folder)), method="gone"))


def test_the_verb(folder: Path) -> None:
    done = w2s("compare", f"{folder}:naive", f"{folder}:confidence", "--json")
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)["differences"]) == 9
    assert w2s("compare", folder, folder / "nowhere").exit_code == 2
