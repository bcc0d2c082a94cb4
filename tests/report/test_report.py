"""Reports: one set of rows as text, Markdown, CSV and JSON; entries under their schema; curves as figures."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.table_rows import PLAIN

from w2s_bench.records import Entry, TableRow, load_json
from w2s_bench.report import columns, tables
from w2s_bench.report.curves import draw_curves
from w2s_bench.report.entries import entries, write_entries
from w2s_bench.report.load import load_table
from w2s_bench.report.saliency import correlation, draw_saliency, points
from w2s_bench.report.text_tables import as_text, folded_table, plain_table
from w2s_bench.report.warnings import interval_notes
from w2s_bench.report.write import write_report
from w2s_bench.results.run_folder import Run, save_run


@pytest.fixture
def table(tmp_path: Path, toy_run: dict[str, Any]) -> tuple[Run, list[TableRow]]:
    save_run(tmp_path / "run", **toy_run)
    return load_table(tmp_path / "run")


HEAD = tuple(column.title for column in columns.columns(columns.MAIN))


def cells_of(row: TableRow) -> tuple[str, ...]:
    """A row as tables of people print it."""
    return tuple(columns.texts(row).values())


# One row


def test_a_row_as_short_texts() -> None:
    assert cells_of(PLAIN) == (
        "nlp/a", "t → u", "m", "60.0", "70.0", "80.0", "+10.0 [+5.0, +15.0]", "0.50 [0.25, 0.75]", "", "",
    )  # fmt: skip


def test_an_interval_without_ends_is_called_unbounded() -> None:
    row = replace(PLAIN, pgr_low=None, pgr_high=None, reason="unbounded: the gap is not separated from 0")
    assert cells_of(row)[7:] == ("0.50 [unbounded]", "", "")


def test_a_cell_that_is_left_out_has_a_reason_and_no_pgr() -> None:
    refused = replace(PLAIN, admitted=False, reason="gap 1.0 below 2.0")
    no_gap = replace(refused, pgr=None, pgr_low=None, pgr_high=None, reason="gap +0.0 is not positive")
    assert cells_of(refused)[7:] == ("–", "", "gap 1.0 below 2.0")
    assert cells_of(no_gap)[7:] == ("–", "", "gap +0.0 is not positive")


def test_a_pool_says_how_many_cells_it_has() -> None:
    pooled = replace(PLAIN, task=None, teacher=None, student=None, cells=3, cells_left_out=1)
    assert cells_of(pooled)[:3] == ("all admitted", "3 of 4 cells", "m")
    empty = TableRow(suite="s", domain="nlp", task=None, teacher=None, student=None, method="m", seeds=1,
                admitted=False, cells=0, cells_left_out=4, reason="none of 4 cells is admitted")  # fmt: skip
    assert cells_of(empty) == (
        "all admitted", "0 of 4 cells", "m", "–", "–", "–", "–", "–", "", "none of 4 cells is admitted",
    )  # fmt: skip


# One table in four forms


def expected(rows: list[TableRow]) -> list[tuple[str, ...]]:
    """Rows as short texts, in the order in which tables print them."""
    return [cells_of(row) for _, chosen in tables.by_domain(rows) for row in chosen]


def test_a_table_has_domains_in_order_and_pools_last(table: tuple[Run, list[TableRow]]) -> None:
    _, rows = table
    assert len(rows) == 12 + 6
    shown = list(tables.by_domain(rows))
    assert [domain for domain, _ in shown] == ["nlp", "chess", "reward"]
    for _, chosen in shown:
        assert [row.task is None for row in chosen] == [False] * 4 + [True] * 2


def test_json_and_csv_hold_every_value(table: tuple[Run, list[TableRow]]) -> None:
    run, rows = table
    document = json.loads(json.dumps(tables.as_json(rows, run.info), allow_nan=False))
    assert (document["suite"], document["suite_version"]) == ("toy", 3)
    assert document["suite_hash"] == run.info.suite_hash
    assert [TableRow(**row) for row in document["rows"]] == rows
    lines = list(csv.DictReader(io.StringIO(tables.as_csv(rows))))
    read = {"": None, "True": True, "False": False}
    for line, row in zip(lines, document["rows"], strict=True):
        assert line.keys() == row.keys()
        for key, text in line.items():
            value = read.get(text, text)
            assert (type(row[key])(value) if row[key] is not None else value) == row[key], key


def test_json_has_the_columns_that_are_promised(table: tuple[Run, list[TableRow]]) -> None:
    run, rows = table
    promised = (
        "suite domain task teacher student method seeds teacher_accuracy student_accuracy "
        "ceiling_accuracy gain pgr pgr_low pgr_high admitted"
    )
    assert set(promised.split()) <= tables.as_json(rows, run.info)["rows"][0].keys()
    assert [row["task"] for row in tables.as_json(rows, run.info)["rows"]].count(None) == 6


def test_markdown_is_the_same_table(table: tuple[Run, list[TableRow]]) -> None:
    _, rows = table
    text = tables.as_markdown(rows)
    assert re.findall("^### (.*)$", text, re.M) == list(tables.TITLES.values())
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    read = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    assert [cells for cells in read if cells[0] != "task"] == expected(rows)
    assert read.count(HEAD) == 3


def test_text_is_the_same_table_with_nothing_twice(table: tuple[Run, list[TableRow]]) -> None:
    _, rows = table
    lines = as_text(rows).splitlines()
    words = [re.split(r"\s{2,}", line.strip()) for line in lines if line.strip()]
    depth = {line.strip().split("  ")[0]: len(line) - len(line.lstrip()) for line in lines if line.strip()}
    task = pair = None
    found: list[tuple[str, ...]] = []
    known = {row.task for row in rows if row.task} | {"all admitted"}
    for name, *values in words:
        if name in known:
            task = name
        elif "→" in name or name.endswith(" cells"):
            pair = (task, name, *values)
        elif pair and depth[name] == 5:
            found.append((*pair[:2], name, *pair[2:], *values))
    wanted = []
    for task_, pair_, method, teacher, student, ceiling, gain, pgr, over, reason in expected(rows):
        shared = [teacher, ceiling, *([reason] if reason else [])]
        wanted.append((task_, pair_, method, *shared, student, gain, pgr, *([over] if over else [])))
    assert found == wanted
    assert [line for line in lines if line in tables.TITLES.values()] == list(tables.TITLES.values())
    assert not any(line != line.rstrip() for line in lines)


def test_text_and_markdown_say_what_is_not_known(table: tuple[Run, list[TableRow]]) -> None:
    _, rows = table
    for text in (as_text(rows), tables.as_markdown(rows)):
        assert "[unbounded]" in text
        assert "gap -2.5 is not positive" in text and "gap +0.0 is not positive" in text
        assert "none of 2 cells is admitted" in text
        assert "nan" not in text.lower() and "None" not in text


def test_a_narrow_terminal_loses_no_number(table: tuple[Run, list[TableRow]]) -> None:
    _, rows = table
    text = as_text(rows, width=100)
    assert max(map(len, text.splitlines())) <= 100
    for cells in expected(rows):
        for cell in cells[3:8]:
            assert cell in text


def test_brackets_in_names_are_no_style(table: tuple[Run, list[TableRow]]) -> None:
    row = replace(PLAIN, method="mine [bold]", teacher="[red]x")
    assert "mine [bold]" in as_text([row]) and "[red]x → u" in as_text([row])


def test_a_bar_in_a_name_breaks_no_markdown() -> None:
    line = tables.as_markdown([replace(PLAIN, method="a | b")]).splitlines()[-1]
    assert len(re.findall(r"(?<!\\)\|", line)) == len(HEAD) + 1


# Leaderboard entries


def test_there_is_an_entry_for_each_method(table: tuple[Run, list[TableRow]]) -> None:
    run, rows = table
    found = entries(run, rows)
    assert [entry.method for entry in found] == ["naive", "confidence"]
    naive, confidence = found
    assert (naive.options, confidence.options) == ({}, {"max_weight": 0.5})
    for entry in found:
        assert (entry.suite, entry.suite_version, entry.suite_hash) == ("toy", 3, run.info.suite_hash)
        assert (entry.tier, entry.seeds, entry.schema_version) == ("claimed", [0, 1], 1)
        assert entry.rows == [row for row in rows if row.method == entry.method]
        assert entry.coverage == pytest.approx(4 / 6)  # the chess cells have no value
        cells = [cell for cell in run.cells if cell.method == entry.method]
        used = {key for c in cells for key in (c.teacher_key, c.student_key, c.ceiling_key)}
        assert entry.record_keys == sorted(used)
        assert used <= {record.key for record in run.records}


def test_an_entry_comes_back_from_its_file(tmp_path: Path, table: tuple[Run, list[TableRow]]) -> None:
    found = entries(*table)
    paths = write_entries(tmp_path, found)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "entries/naive.json", "entries/confidence.json",
    ]  # fmt: skip
    assert [load_json(Entry, path) for path in paths] == found
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write_entries(tmp_path, found)] == before


AWKWARD = (
    "Naive",
    "naive!",
    "../../etc/x",
    "my file.py:Mine",
    "confidence (max_weight=0.5)",
    "方法",
    ".",
    "a" * 300,
)


def test_file_names_are_plain_and_no_two_methods_share_one(
    tmp_path: Path, table: tuple[Run, list[TableRow]]
) -> None:
    naive = entries(*table)[0]
    found = [naive, *(replace(naive, method=method) for method in AWKWARD)]
    paths = write_entries(tmp_path, found)
    assert len({path.name.lower() for path in paths}) == len(found)
    for path, entry in zip(paths, found, strict=True):
        assert path.parent == tmp_path / "entries"
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}\.json", path.name)
        assert load_json(Entry, path) == entry


# Curves


def test_curves_are_written_for_each_domain_as_png_and_svg(
    tmp_path: Path, table: tuple[Run, list[TableRow]]
) -> None:
    paths = draw_curves(tmp_path, *table)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        f"figures/{domain}.{ending}" for domain in ("nlp", "chess", "reward") for ending in ("png", "svg")
    ]
    for path in paths:
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG" if path.suffix == ".png" else b"<?xml") and len(content) > 5_000


def test_a_curve_drawn_twice_is_the_same_file(tmp_path: Path, table: tuple[Run, list[TableRow]]) -> None:
    run, rows = table
    some = [row for row in rows if row.domain == "nlp"]
    one, two = draw_curves(tmp_path / "one", run, some), draw_curves(tmp_path / "two", run, some)
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.suffix


def test_a_curve_shows_teachers_methods_sizes_and_the_ceiling(
    tmp_path: Path, table: tuple[Run, list[TableRow]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")  # text as text
    run, rows = table
    svgs = [path.read_text("utf8") for path in draw_curves(tmp_path, run, rows) if path.suffix == ".svg"]
    nlp, chess, _ = svgs
    for text in (
        "teacher small",
        "naive",
        "confidence",
        "ground truth (ceiling)",
        "20k",
        "3M",
        "nlp/toy",
        "PGR",
    ):
        assert f">{text}<" in nlp
    assert "no admitted cell" in chess and "no admitted cell" not in nlp


def test_intervals_that_promise_too_much_are_warned_of(toy_run: dict[str, Any], tmp_path: Path) -> None:
    save_run(tmp_path, **toy_run)
    run, rows = write_report(tmp_path)
    few, loose = interval_notes(rows)
    scored = sum(r.student_accuracy is not None for r in rows)  # pools of no cell have no interval
    assert few.startswith(f"warning: {scored} of {scored} rows rest on two seeds")
    assert "PGR without bounds" in loose
    assert few in (tmp_path / "table.txt").read_text("utf8") and few in (tmp_path / "table.md").read_text(
        "utf8"
    )
    assert tables.as_json(rows, run.info)["warnings"] == [few, loose]
    assert interval_notes([replace(r, seeds=3, reason=None) for r in rows]) == []
    one = interval_notes([replace(rows[0], seeds=1, reason=None), replace(rows[1], seeds=3, reason=None)])
    assert "1 of 2 rows rest on one seed" in one[0]


def test_a_wide_table_is_what_rich_would_draw(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    save_run(tmp_path / "run", **toy_run)
    _, rows = load_table(tmp_path / "run")
    odd = [replace(r, method="[bold]方法 → x[/]") if r.method == "confidence" else r for r in rows]
    for chosen in (rows, odd):
        for title, part in tables.sections(chosen, []):
            assert plain_table(title, part) == folded_table(title, part, 400)


def test_saliency_sets_the_untrained_student_beside_the_finetuned_one(
    tmp_path: Path, toy_run: dict[str, Any]
) -> None:
    save_run(tmp_path / "run", **toy_run)
    _, rows = load_table(tmp_path / "run")
    assert points(rows) == [] and draw_saliency(rows) is None
    cells = [r for r in rows if r.task and r.method == "naive" and r.admitted]
    zero = [replace(r, method="zero-shot", reference=True, pgr=0.1 * k) for k, r in enumerate(cells)]
    found = [p for p in points([*rows, *zero]) if p.method == "naive"]
    assert [(p.before, p.after) for p in found] == [(0.1 * k, r.pgr) for k, r in enumerate(cells)]
    falling = [replace(found[0], before=float(k), after=float(-k)) for k in range(5)]
    assert correlation(falling) == pytest.approx(-1)
    assert correlation(found[:3]) is None and correlation([found[0]] * 9) is None
    assert draw_saliency([*rows, *zero]) is not None


def test_no_field_of_a_csv_file_is_a_formula(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    save_run(tmp_path / "run", **toy_run)
    _, rows = load_table(tmp_path / "run")
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1"):
        lines = list(csv.DictReader(io.StringIO(tables.as_csv([replace(rows[0], method=text, gain=-0.5)]))))
        assert lines[0]["method"] == "'" + text and lines[0]["gain"] == "-0.5"
