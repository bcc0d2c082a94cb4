"""The registry of columns: one entry puts a column in every table."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from support.table_rows import PLAIN

from w2s_bench.leaderboard.site.tables import domain_head
from w2s_bench.records import TableRow, row_values
from w2s_bench.report import columns, html_tables, tables
from w2s_bench.report.columns import Column
from w2s_bench.report.html import as_html
from w2s_bench.report.latex import as_latex
from w2s_bench.report.load import load_table
from w2s_bench.report.ranking import league_markdown
from w2s_bench.report.text_tables import as_text
from w2s_bench.results.run_folder import save_run

ITEMS = Column(
    key="test_items",
    title="items tested",
    text=lambda row: f"{row.n_test} items",
    value=lambda row: row.n_test,
)


@pytest.fixture
def with_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more entry in the registry, and no other change."""
    monkeypatch.setattr(columns, "COLUMNS", (*columns.COLUMNS, ITEMS))


def test_one_entry_is_a_column_in_every_table(
    with_items: None, tmp_path: Path, toy_run: dict[str, Any]
) -> None:
    save_run(tmp_path, **toy_run)
    run, rows = load_table(tmp_path)
    shown = f"{rows[0].n_test} items"
    for text in (as_text(rows), tables.as_markdown(rows), as_latex(rows), league_markdown(rows)):
        assert ITEMS.title in text and shown in text
    page = as_html(run, rows)
    assert page.count(f"{ITEMS.title}</button>") == 2 and f'<td data-sort="{rows[0].n_test}"' in page
    document = json.loads(json.dumps(tables.as_json(rows, run.info)))
    lines = list(csv.DictReader(io.StringIO(tables.as_csv(rows))))
    for row, value, line in zip(rows, document["rows"], lines, strict=True):
        assert value["test_items"] == row.n_test and line["test_items"] == str(row.n_test)
    assert domain_head()[-2:] == [ITEMS.title, "tier"], "on the leaderboard site too"


def test_a_new_column_stands_before_the_remark_and_not_on_narrow_terminals(with_items: None) -> None:
    assert list(columns.texts(PLAIN))[-2:] == ["test_items", "remark"]
    assert html_tables.cell_head()[-3:] == [ITEMS.title, "", "examples"]
    assert ITEMS.title in as_text([PLAIN], width=130) and ITEMS.title not in as_text([PLAIN], width=100)


def test_keys_are_unique_and_every_field_of_a_row_is_exported_once() -> None:
    keys = [column.key for column in columns.every_column()]
    assert len(set(keys)) == len(keys)
    names = columns.exported_names()
    assert len(set(names)) == len(names) and names == list(columns.exported_values(PLAIN))
    assert {*names, "metrics"} == {field.name for field in fields(TableRow)}


def test_files_keep_metrics_only_where_there_are_some() -> None:
    assert "metrics" not in row_values(PLAIN) and TableRow(**row_values(PLAIN)) == PLAIN
    measured = replace(PLAIN, metrics={"margin": 0.25})
    assert TableRow(**row_values(measured)) == measured
