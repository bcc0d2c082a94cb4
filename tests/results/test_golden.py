"""A run that the first release wrote loads, scores and reports the same for ever.

``golden/schema-1`` is the folder of a real small run (its suite is in ``run.json``), as it was written
then. When a schema changes, add a folder beside it and let this one load through whatever upgrade there
is; never write it again. The scores stand for ever. The intervals are those of the statistics of that
release: whoever changes them on purpose changes the pins below and says so in the changelog.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from w2s_bench.records import ENTRY_SCHEMA, RECORD_SCHEMA, RUN_SCHEMA, Entry, TableRow, load_json
from w2s_bench.report.entries import entries
from w2s_bench.report.load import load_table
from w2s_bench.report.tables import as_csv, as_json, as_markdown
from w2s_bench.report.text_tables import as_text
from w2s_bench.results.run_folder import Run

GOLDEN = Path(__file__).parents[1] / "golden" / "schema-1"

NLP, CHESS, REWARD = "nlp/polarity-generated", "chess/tactics-generated", "reward/polarity-generated"
SCORES = {  # task or domain, student, method: teacher, student, ceiling accuracy, PGR, admitted
    (NLP, "llama:16x1", "naive"): (29 / 60, 29 / 60, 42.5 / 60, 0.0, True),
    (NLP, "llama:16x1", "confident"): (29 / 60, 31 / 60, 42.5 / 60, 4 / 27, True),
    (NLP, "llama:32x2", "naive"): (29 / 60, 29 / 60, 47.5 / 60, 0.0, True),
    (NLP, "llama:32x2", "confident"): (29 / 60, 29 / 60, 47.5 / 60, 0.0, True),
    (CHESS, "board:24x2", "naive"): (9.5 / 60, 5 / 60, 16 / 60, -9 / 13, False),
    (CHESS, "board:24x2", "confident"): (9.5 / 60, 0.0, 16 / 60, -19 / 13, False),
    (REWARD, "llama:16x1", "naive"): (37 / 60, 38.5 / 60, 41 / 60, 0.375, True),
    (REWARD, "llama:16x1", "confident"): (37 / 60, 34 / 60, 41 / 60, -0.75, True),
    ("nlp", None, "naive"): (29 / 60, 29 / 60, 45 / 60, 0.0, True),
    ("nlp", None, "confident"): (29 / 60, 30 / 60, 45 / 60, 0.0625, True),
    ("chess", None, "naive"): (None, None, None, None, False),
    ("chess", None, "confident"): (None, None, None, None, False),
    ("reward", None, "naive"): (37 / 60, 38.5 / 60, 41 / 60, 0.375, True),
    ("reward", None, "confident"): (37 / 60, 34 / 60, 41 / 60, -0.75, True),
}
REASONS = {
    (CHESS, "naive"): "teacher 15.8 below 20.0",
    (REWARD, "naive"): "unbounded: the gap is not separated from 0",
    ("chess", "naive"): "none of 1 cells is admitted",
    (NLP, "naive"): None,
}
INTERVALS = {  # gain, PGR: those of the third release of the statistics
    (NLP, "llama:16x1", "confident"): ((-0.21346, 0.280126), (-1.618833, 2.260701)),
    (NLP, "llama:32x2", "confident"): ((-0.182963, 0.182963), (-2.198573, 0.380359)),
    (NLP, "llama:16x1", "naive"): ((-0.03335, 0.03335), (-0.234109, 0.189699)),
    (CHESS, "board:24x2", "confident"): ((-0.253616, -0.063051), (-32.506798, -0.517205)),
    (REWARD, "llama:16x1", "naive"): ((-0.079883, 0.129883), (None, None)),
    ("nlp", None, "confident"): ((-0.113225, 0.146558), (-0.873112, 0.450866)),
}


@pytest.fixture(scope="module")
def table() -> tuple[Run, list[TableRow]]:
    return load_table(GOLDEN)


def by_name(rows: list[TableRow]) -> dict[tuple[str, str | None, str], TableRow]:
    return {(row.task or row.domain, row.student, row.method): row for row in rows}


def close(values: tuple) -> list:
    return [value if value is None else pytest.approx(value, rel=1e-4, abs=1e-5) for value in values]


def test_it_is_of_the_first_schema() -> None:
    assert json.loads((GOLDEN / "run.json").read_text("utf8"))["schema_version"] == 1
    for name in ("records.jsonl", "cells.jsonl"):
        lines = (GOLDEN / name).read_text("utf8").splitlines()
        assert {json.loads(line)["schema_version"] for line in lines} == {1}
    newest = max(p.name for p in GOLDEN.parent.iterdir() if p.is_dir())
    assert newest == f"schema-{max(RECORD_SCHEMA, RUN_SCHEMA, ENTRY_SCHEMA)}"  # a new schema leaves a new run


def test_it_loads_whole(table: tuple[Run, list[TableRow]]) -> None:
    run, rows = table
    assert (run.info.suite, run.info.suite_version, run.info.code_version) == ("golden", 1, "0.1.0")
    assert (len(run.records), len(run.cells), len(run.predictions), len(rows)) == (30, 16, 30, 14)
    for record in run.records:
        predictions = run.predictions[record.key]
        assert len(predictions.items) == record.n_test == 60
        assert predictions.correct.mean() == pytest.approx(record.accuracy)
        assert record.loss and 0 < record.label_accuracy <= 1 and record.parameters > 0
        assert (record.labels_from is None) == (record.role != "student") == (record.label_accuracy == 1)


def test_its_scores_stand_for_ever(table: tuple[Run, list[TableRow]]) -> None:
    rows = by_name(table[1])
    assert rows.keys() == SCORES.keys()
    for name, pinned in SCORES.items():
        row = rows[name]
        found = (row.teacher_accuracy, row.student_accuracy, row.ceiling_accuracy, row.pgr, row.admitted)
        assert list(found) == close(pinned), name


def test_its_reasons_stand(table: tuple[Run, list[TableRow]]) -> None:
    found = {(task, method): row.reason for (task, _, method), row in by_name(table[1]).items()}
    assert {name: found[name] for name in REASONS} == REASONS


def test_its_intervals_are_those_of_the_present_statistics(table: tuple[Run, list[TableRow]]) -> None:
    rows = by_name(table[1])
    for name, (gain, pgr) in INTERVALS.items():
        row = rows[name]
        assert [row.gain_low, row.gain_high] == close(gain), name
        assert [row.pgr_low, row.pgr_high] == close(pgr), name


def test_its_reports_can_be_printed(table: tuple[Run, list[TableRow]]) -> None:
    run, rows = table
    assert "[unbounded]" in as_text(rows) and "[-0.87, 0.45]" in as_markdown(rows)
    assert as_csv(rows).count("\n") == 1 + len(rows)
    assert as_json(rows, run.info)["suite_hash"] == "9116105278f2b228ce6d123a2fd57dd2"


def test_its_leaderboard_entry_is_what_its_records_give(table: tuple[Run, list[TableRow]]) -> None:
    old = load_json(Entry, GOLDEN / "entries" / "naive.json")
    new = next(entry for entry in entries(*table) if entry.method == "naive")
    for field in fields(Entry):
        if field.name != "rows":
            assert getattr(new, field.name) == getattr(old, field.name), field.name
    for one, two in zip(old.rows, new.rows, strict=True):
        names = ("task", "student", "student_accuracy", "pgr", "admitted", "reason")
        assert close(tuple(getattr(one, n) for n in names[2:4])) == [getattr(two, n) for n in names[2:4]]
        assert all(getattr(one, n) == getattr(two, n) for n in (*names[:2], *names[4:]))
