"""What students made of their labels: the table in all forms, and what foretells the gain without gold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from w2s_bench.records import TableRow
from w2s_bench.report.agreement import TITLE, answer_head, answer_rows, answer_texts, answers_markdown
from w2s_bench.report.gain_predictors import predictor_notes, predictors
from w2s_bench.report.html import as_html
from w2s_bench.report.write import write_report
from w2s_bench.results.run_folder import save_run

POOL = TableRow(
    suite="s", domain="nlp", task=None, teacher=None, student=None, method="m", seeds=3,
    admitted=True, pool="admitted",
    agreement=0.8, agreement_right=0.9, errors_copied=0.5, corrected=0.4, new_errors=0.1, similarity=0.6,
    brier_score=0.25, calibration_error=0.05, probability_of_improvement=2 / 3, detectable=0.012,
)  # fmt: skip


def test_a_row_by_hand() -> None:
    assert answer_texts(POOL) == [
        "m", "nlp", "80.0", "90.0", "50.0", "40.0", "10.0", "0.60", "0.25",
        "0.05", "67", "1.2",
    ]  # fmt: skip
    assert answer_texts(replace(POOL, detectable=None, brier_score=None))[-4:] == ["–", "0.05", "67", "–"]
    assert len(answer_head()) == len(answer_texts(POOL))


def test_the_table_stands_in_the_page_and_in_markdown(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    save_run(tmp_path, **toy_run)
    run, rows = write_report(tmp_path)
    shown = answer_rows(rows)
    assert {r.domain for r in shown} == {r.domain for r in rows if r.pool == "admitted" and r.admitted}
    text = (tmp_path / "table.md").read_text("utf8")
    assert f"### {TITLE}" in text and text.index(TITLE) < text.index("- warning")
    page = as_html(run, rows)
    told = page[page.index('id="answers"') : page.index('id="charts"')]
    assert told.count("<tr ") == len(shown) > 0 and f"<td>{shown[0].method}</td>" in told
    assert answers_markdown([r for r in rows if r.task]) == "", "no pools, no table"


def cell(method: str, gain: float, agreement: float, task: str = "nlp/a") -> TableRow:
    return replace(
        POOL, task=task, teacher="t", student="u", method=method, pool=None, gain=gain, agreement=agreement,
        similarity=agreement / 2,
    )  # fmt: skip


def test_predictors_rank_methods_not_tasks() -> None:
    """Within each task the gain falls with agreement; that one task has more of both says nothing."""
    rows = [cell(f"m{k}", 0.1 - 0.01 * k, 0.5 + 0.1 * k) for k in range(3)]
    rows += [cell(f"m{k}", 0.4 - 0.01 * k, 0.7 + 0.1 * k, "nlp/b") for k in range(3)]
    (found,) = predictors(rows)
    assert found.cells == 6
    assert found.disagreement == pytest.approx(1) and found.dissimilarity == pytest.approx(1)
    assert "disagreement +1.00" in predictor_notes(rows)[0]


def test_predictors_need_cells_and_variation() -> None:
    rows = [cell(f"m{k}", 0.1 * k, 0.5) for k in range(6)]
    (found,) = predictors(rows)
    assert found.disagreement is None, "it never varies"
    assert predictors(rows[:4]) == []
    assert predictors([replace(r, admitted=False) for r in rows]) == []
