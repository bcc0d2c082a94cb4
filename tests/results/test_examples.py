"""Examples of a run: which items are shown, cut and counted; LaTeX tables and the other figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from support.table_rows import PLAIN

from w2s_bench.report.figures import draw_figures
from w2s_bench.report.latex import as_latex, escaped
from w2s_bench.report.load import load_table
from w2s_bench.results.examples import choose, kinds, load_examples, save_examples
from w2s_bench.results.run_folder import save_run
from w2s_bench.task import Item


def test_kinds_by_hand() -> None:
    gold, teacher, student = np.array([0, 0, 0, 0, 0]), np.array([1, 1, 1, 0, 0]), np.array([0, 1, 2, 2, 0])
    found = [mask.tolist() for mask in kinds(teacher, student, gold)]
    assert [np.flatnonzero(mask).tolist() for mask in found] == [[0], [1], [3]]


def test_examples_are_true_to_the_picks_and_come_back(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    scored = toy_run["scored"]
    items = {
        s.record.task: [Item(id=i, prompt="x" * 5000, options=("no", "yes")) for i in s.answers.items]
        for s in scored
    }
    found = choose(toy_run["cells"], scored, items)
    fits = {s.record.key: s.answers for s in scored}
    cells = {(c.task, c.teacher, c.student, c.method, c.seed): c for c in toy_run["cells"]}
    assert {s.kind for s in found} == {"corrected", "copied", "new"} and {s.seed for s in found} == {0}
    for s in found:
        cell = cells[s.task, s.teacher_model, s.student_model, s.method, s.seed]
        k = fits[cell.teacher_key].items.index(s.item)
        assert s.teacher == fits[cell.teacher_key].picked[k]
        assert s.student == fits[cell.student_key].picked[k]
        assert s.gold == fits[cell.teacher_key].gold[k]
        assert len(s.prompt) < 1000 and s.prompt.endswith(" …") and 0 < s.count < s.n_test
    save_examples(tmp_path, found)
    assert load_examples(tmp_path) == found
    assert load_examples(tmp_path / "elsewhere") == []


def test_latex_escapes_names_and_brackets() -> None:
    assert escaped("[a_b] 5% & {x} \\y") == "{[}a\\_b] 5\\% \\& \\{x\\} \\textbackslash{}y"
    table = as_latex([replace(PLAIN, method="m_1 & co", gain=-0.1)])
    assert "m\\_1 \\& co" in table and "$-$10.0" in table and "nlp/a & t $\\to$ u" in table
    assert table.count("\\begin{longtable}") == table.count("\\end{longtable}") == 1
    noted = as_latex([PLAIN], notes=["5% of a_b", "[0.1, 0.2]"])
    assert noted.endswith("\\noindent 5\\% of a\\_b\n\n\\noindent {[}0.1, 0.2]\n")


def test_figures_beside_the_curves(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    save_run(tmp_path, **toy_run)
    names = [path.name for path in draw_figures(tmp_path, *load_table(tmp_path))]
    assert names == [
        f"{name}.{end}" for name in ("agreement", "methods", "profiles", "training") for end in ("png", "svg")
    ]
