"""``report.html`` in a real browser: nothing is fetched, tables sort and filter, boards are drawn."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import altair
import pytest
import vl_convert
from jsonschema import ValidationError
from support.browser import DESKTOP, PHONE, Page

from w2s_bench.bad_rows import Excluded, Reason
from w2s_bench.records import CurvePoint
from w2s_bench.report.charts import charts
from w2s_bench.report.domain_charts import panels
from w2s_bench.report.html import as_html, write_html
from w2s_bench.report.load import load_table, parameters
from w2s_bench.results.examples import Shown, load_examples, save_examples
from w2s_bench.results.run_folder import save_run
from w2s_bench.web import vega_bundle

HOSTILE = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'>\"'& {{ 7 * 7 }}"
FEN = "r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5N2/PPPP1PPP/RNBQK2R b KQkq - 3 3 f1c4"
DRAWN = "document.documentElement.classList.contains('drawn')"
BASE = Shown(
    domain="nlp", task="nlp/toy", teacher_model="small", student_model="middle", method="naive", seed=0,
    kind="corrected", count=5, n_test=80, item="abc", prompt=HOSTILE, options=["no", HOSTILE],
    gold=1, teacher=0, student=1,
)  # fmt: skip
CHESS = replace(
    BASE, domain="chess", task="chess/toy", kind="new", prompt=FEN, position=FEN, options=["g8f6", "f8c5"],
    gold=0, teacher=0, student=1,
)  # fmt: skip


@pytest.fixture
def report(tmp_path: Path, toy_run: dict[str, Any]) -> Path:
    save_run(tmp_path / "run", **toy_run)
    save_examples(tmp_path / "run", [BASE, CHESS])
    run, rows = load_table(tmp_path / "run")
    return write_html(tmp_path / "run", run, rows, load_examples(tmp_path / "run"))


def texts(page: Page, column: int) -> list[str]:
    """What a column of the shown cells holds."""
    return list(
        page.ask(
            "[...document.querySelectorAll('#cells-table tbody tr:not([hidden])')]"
            f".map(r => r.cells[{column}].firstChild.textContent)"
        )
    )


# The file


def test_hostile_text_is_escaped(report: Path) -> None:
    text = report.read_text("utf8")
    assert HOSTILE not in text and html.escape(HOSTILE[:40]) in text
    assert "{{ 7 * 7 }}" in text and " 49" not in re.sub(r"<script.*?</script>", "", text, flags=re.S)


def test_no_address_is_loaded(report: Path) -> None:
    text = re.sub(r"<script>.*?</script>", "", report.read_text("utf8"), flags=re.S)
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", text)
    assert "default-src &#39;none&#39;" in text


def test_a_run_without_examples_has_a_report_too(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    save_run(tmp_path / "run", **toy_run)
    text = as_html(*load_table(tmp_path / "run"))
    assert "This folder holds no <code>examples.jsonl" in text and "<details" not in text.split("<script")[0]


def test_rows_that_could_not_be_used_are_told_and_escaped(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    reason = Reason(reason="BadRow: no label", stage="read", rows=3, first=7, example=HOSTILE)
    found = {"nlp/toy": {"train": Excluded(read=90, built=80, reasons=[reason])}}
    save_run(tmp_path / "run", **toy_run | {"info": replace(toy_run["info"], excluded=found)})
    text = as_html(*load_table(tmp_path / "run"))
    told = text[text.index('id="notes"') : text.index('id="examples"')]
    assert "nlp/toy (train)" in told and "BadRow: no label: 3" in told and html.escape(HOSTILE[:40]) in told
    assert HOSTILE not in text


def test_overfitting_and_saliency_are_charts_where_there_is_data(
    tmp_path: Path, toy_run: dict[str, Any]
) -> None:
    save_run(tmp_path / "run", **toy_run)
    run, rows = load_table(tmp_path / "run")
    curve = [CurvePoint(share=s, accuracy=0.7, agreement=0.8) for s in (0.5, 1.0)]
    watched = replace(run, records=[replace(r, curve=curve) for r in run.records])
    untrained = [replace(r, method="zero-shot") for r in rows if r.method == "naive" and r.task]
    before, _ = panels(run, rows)
    after, data = panels(watched, [*rows, *untrained])
    names = {c.name for c in after} - {c.name for c in before}
    domains = {r.domain for r in untrained if r.admitted}
    assert {n for n in names if n.startswith("saliency")} == {f"saliency-{d}" for d in domains} != set()
    assert {f"overfitting-{f}-{d}" for f in ("accuracy", "agreement") for d in domains} <= names
    assert {v["share"] for v in data["courses"]} == {0.5, 1.0}
    assert all(v["before"] == v["after"] for v in data["saliency"] if v["method"] == "naive")


def test_charts_are_vega_lite(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    save_run(tmp_path / "run", **toy_run)
    run, rows = load_table(tmp_path / "run")
    made, _ = charts(run, rows, parameters(run))
    assert len(made) > 5
    valid = altair.vegalite.core.Root.validate
    for chart in made:
        valid({name: part for name, part in chart.spec.items() if name != "config"})  # which Vega reads too
    with pytest.raises(ValidationError):
        valid(altair.Chart().mark_bar().to_dict() | {"mark": "no mark"})


def test_vega_is_bundled_once_and_never_taken_from_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made, bundled = [], vl_convert.javascript_bundle
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda s: made.append(s) or bundled(s))
    vega_bundle.vega.cache_clear()
    first = vega_bundle.vega()
    vega_bundle.vega.cache_clear()
    assert vega_bundle.vega() == first and len(made) == 1
    (kept,) = tmp_path.rglob("vega-*.js")
    kept.write_text(kept.read_text("utf8").replace("function", "functiom", 1), "utf8")
    vega_bundle.vega.cache_clear()
    assert vega_bundle.vega() == first and len(made) == 2 and "</script" not in first


# In the browser


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("dark", [False, True])
def test_it_opens_from_disk_and_asks_nobody(page: Page, report: Path, size: Any, dark: bool) -> None:
    page.open(report, size, dark, DRAWN)
    assert page.requests == [report.as_uri()]
    assert page.complaints == []
    assert page.ask("window.hit") is None
    assert page.ask("document.documentElement.scrollWidth <= innerWidth")
    charts, drawn = page.ask(
        "[document.querySelectorAll('.chart').length, document.querySelectorAll('.chart svg').length]"
    )
    assert charts == drawn > 5


def test_cells_sort_both_ways_and_those_without_a_value_stay_last(page: Page, report: Path) -> None:
    page.open(report, DESKTOP, ready=DRAWN)
    head = "#cells-table th:nth-child(7) button"  # PGR
    for turn in (1, -1):
        page.click(head)
        shown = texts(page, 6)
        values = [float(t) for t in shown if t != "–"]
        assert values == sorted(values, reverse=turn < 0) and len(values) > 3
        assert shown[len(values) :] == ["–"] * (len(shown) - len(values))


def test_the_filter_holds_for_cells_and_examples(page: Page, report: Path) -> None:
    page.open(report, PHONE, ready=DRAWN)
    assert len(texts(page, 0)) == 12
    page.click("form.filter input")
    page.call("Input.insertText", text="chess confidence")
    page.until("document.querySelector('form.filter output').textContent === '2 of 12 cells'")
    assert texts(page, 1) == ["confidence"] * 2
    assert page.ask("[...document.querySelectorAll('details.cell')].map(d => d.hidden)") == [True, True]
    page.click("form.filter button[type=reset]")
    page.until("document.querySelector('form.filter output').textContent === '12 of 12 cells'")


def test_a_cell_leads_to_its_examples_and_a_board_is_drawn(page: Page, report: Path) -> None:
    page.open(report, DESKTOP, ready=DRAWN)
    page.click("tr[data-task='chess/toy'] a")
    page.until("document.querySelector('details[data-task=\"chess/toy\"]').open")
    board = "document.querySelector('details[open] svg.board')"
    assert page.ask(f"{board}.getBoundingClientRect().width") > 150
    assert page.ask(f"{board}.querySelectorAll('use').length") == 1 + 32
    assert page.ask(f"{board}.querySelectorAll('line.arrow').length") == 2
    assert page.ask(f"{board}.querySelectorAll('.last').length") == 2
    assert "Nf6 (g8f6)" in page.ask("document.querySelector('details[open]').textContent")
