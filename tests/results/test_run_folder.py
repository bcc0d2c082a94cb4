"""The folder of a run: written whole, read back equal, byte-equal for equal runs, and proven dense."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

from w2s_bench.errors import StoreError
from w2s_bench.records import CellRecord
from w2s_bench.report.load import load_table, parameters, prove_dense
from w2s_bench.report.write import write_report
from w2s_bench.results.run_folder import (
    CELLS,
    PREDICTIONS,
    RECORDS,
    RUN,
    TIMINGS,
    Run,
    _codes,
    load_run,
    save_run,
)


@pytest.fixture
def folder(tmp_path: Path, toy_run: dict[str, Any]) -> Path:
    save_run(tmp_path / "run", **toy_run)
    return tmp_path / "run"


def test_a_run_comes_back_as_it_was(folder: Path, toy_run: dict[str, Any]) -> None:
    run = load_run(folder)
    assert run.info == toy_run["info"]
    assert run.cells == toy_run["cells"]
    scored = {s.record.key: s for s in toy_run["scored"]}
    assert run.records == [scored[key].record for key in sorted(scored)]
    assert run.predictions.keys() == scored.keys()
    for key, predictions in run.predictions.items():
        assert list(predictions.items) == scored[key].answers.items
        assert predictions.correct.dtype == np.uint8
        assert (predictions.correct == (scored[key].answers.picked == scored[key].answers.gold)).all()
        assert predictions.correct.mean() == pytest.approx(scored[key].record.accuracy)


def test_equal_runs_are_byte_equal_but_for_the_clock(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    save_run(one, **toy_run)
    later = toy_run | {
        "info": replace(toy_run["info"], seconds=9.0, started="2025-01-01T00:00:00+00:00"),
        "seconds": dict.fromkeys(toy_run["seconds"], 7.0),
        "scored": toy_run["scored"][::-1],  # fits may finish in another order
    }
    save_run(two, **later)
    for name in (RECORDS, CELLS, PREDICTIONS):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    for name in (RUN, TIMINGS):
        assert (one / name).read_bytes() != (two / name).read_bytes(), name


def test_saving_what_was_loaded_changes_no_byte(folder: Path, toy_run: dict[str, Any]) -> None:
    run = load_run(folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert sorted(before) == sorted([RUN, RECORDS, CELLS, PREDICTIONS, TIMINGS])
    scored = {s.record.key: s for s in toy_run["scored"]}
    again = [replace(scored[record.key], record=record) for record in run.records]
    save_run(folder, run.info, again, run.cells, toy_run["seconds"])
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_predictions_are_kept_for_each_item(folder: Path, toy_run: dict[str, Any]) -> None:
    table = pyarrow.parquet.read_table(folder / PREDICTIONS)
    assert table.column_names == ["key", "item", "picked", "gold", "gold_probability"]
    assert table.num_rows == sum(len(s.answers.items) for s in toy_run["scored"])
    row = table.slice(0, 1).to_pylist()[0]
    fit = next(s for s in toy_run["scored"] if s.record.key == row["key"]).answers
    assert row == {
        "key": min(toy_run["seconds"]), "item": fit.items[0], "picked": fit.picked[0], "gold": fit.gold[0],
        "gold_probability": fit.gold_probability[0],
    }  # fmt: skip


def test_a_run_is_complete_once_its_last_file_is_there(
    tmp_path: Path, toy_run: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from w2s_bench.results import run_folder

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_folder, "_save_predictions", fail)
    with pytest.raises(OSError, match="No space"):
        save_run(tmp_path / "run", **toy_run)
    with pytest.raises(StoreError, match="no run in this folder"):
        load_run(tmp_path / "run")


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        load_run(tmp_path / "nowhere")
    assert str(caught.value) == (
        f"{tmp_path}/nowhere: no run in this folder; expected a finished run with run.json. "
        f"Make one: w2s-bench run SUITE --out {tmp_path}/nowhere"
    )


@pytest.mark.parametrize("file", [RUN, RECORDS, CELLS, PREDICTIONS])
@pytest.mark.parametrize("damage", ["cut", "remove"])
def test_a_damaged_file_is_named(folder: Path, file: str, damage: str) -> None:
    content = (folder / file).read_bytes()
    (folder / file).unlink()
    if damage == "cut":
        (folder / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError) as caught:
        load_run(folder)
    assert str(folder / ("" if (file, damage) == (RUN, "remove") else file)) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", [-1, 2])
def test_a_text_beyond_its_dictionary_is_damage_and_no_other_item(place: int) -> None:
    texts = pyarrow.array(["one", "two"])
    places = pyarrow.array([0, place], pyarrow.int32())
    damaged = pyarrow.DictionaryArray.from_arrays(places, texts, safe=False)
    with pytest.raises(ValueError, match="not in its dictionary"):
        _codes(pyarrow.chunked_array([damaged]))


def test_a_column_that_is_missing_from_the_predictions_is_told(folder: Path) -> None:
    path = folder / PREDICTIONS
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).drop_columns(["gold"]), path)
    with pytest.raises(StoreError, match=r"predictions.parquet: cannot be read .*gold"):
        load_run(folder)


# Proven dense


def with_cells(run: Run, cells: list[CellRecord]) -> Run:
    return Run(run.info, run.records, cells, run.predictions)


def complaint(run: Run) -> str:
    with pytest.raises(StoreError) as caught:
        prove_dense(run)
    assert "expected complete records of one suite" in str(caught.value)
    return str(caught.value)


def test_a_whole_run_is_dense(folder: Path) -> None:
    prove_dense(load_run(folder))


@pytest.mark.parametrize("role", ["teacher", "student", "ceiling"])
def test_a_missing_fit_is_told(folder: Path, role: str) -> None:
    run = load_run(folder)
    key = getattr(run.cells[0], f"{role}_key")
    del run.predictions[key]
    assert complaint(run).startswith(f"task nlp/toy: no predictions of fit {key}")


@pytest.mark.parametrize(
    "change", [lambda items: items[:-1], lambda items: items[::-1], lambda items: (*items[:-1], "x")]
)
def test_other_test_items_are_told(folder: Path, change) -> None:
    run = load_run(folder)
    key = run.cells[0].student_key
    predictions = run.predictions[key]
    run.predictions[key] = replace(predictions, items=change(predictions.items))
    assert complaint(run).startswith(f"task nlp/toy: fit {key} was scored on other test items")


def test_a_missing_seed_is_told(folder: Path) -> None:
    run = load_run(folder)
    assert "task nlp/toy: cells have different seeds" in complaint(with_cells(run, run.cells[1:]))


@pytest.mark.parametrize("seed", [7, 1])  # a seed that no other cell has, one that this cell has twice
def test_other_seeds_are_told(folder: Path, seed: int) -> None:
    run = load_run(folder)
    assert run.cells[0].seed == 0
    cells = [replace(run.cells[0], seed=seed), *run.cells[1:]]
    assert "task nlp/toy: cells have different seeds" in complaint(with_cells(run, cells))


def test_a_seed_that_stands_twice_is_told(folder: Path) -> None:
    run = load_run(folder)
    cells = [cell for cell in run.cells for _ in range(2)]
    assert "cells have different seeds, or one twice" in complaint(with_cells(run, cells))


# From records to a table


def test_a_table_follows_the_admission_of_the_suite_that_was_run(folder: Path) -> None:
    def left_out(run_folder: Path) -> int:
        return sum(not row.admitted for row in load_table(run_folder)[1] if row.task is not None)

    assert left_out(folder) == 4  # the chess cells
    info = json.loads((folder / RUN).read_text("utf8"))
    info["suite_toml"] = info["suite_toml"].replace("min_gap = 0.05", "min_gap = 0.35")
    (folder / RUN).write_text(json.dumps(info), "utf8")
    assert left_out(folder) == 10  # all but large students of NLP, whose gap is 0.4


def test_a_table_is_the_same_each_time(folder: Path) -> None:
    assert [asdict(row) for row in load_table(folder)[1]] == [asdict(row) for row in load_table(folder)[1]]


def test_parameters_are_those_of_the_largest_head(folder: Path) -> None:
    run = load_run(folder)
    records = [
        replace(run.records[0], model="m", parameters=5),
        replace(run.records[0], model="m", parameters=3),
    ]
    assert parameters(run) == {"small": 1_000, "middle": 20_000, "large": 3_000_000}
    assert parameters(Run(run.info, records, run.cells, run.predictions)) == {"m": 5}


def test_a_report_leaves_nothing_of_an_earlier_one(folder: Path) -> None:
    for stale in ("entries/gone.json", "figures/gone.png", "figures/gone.svg"):
        (folder / stale).parent.mkdir(exist_ok=True)
        (folder / stale).write_text("old", "utf8")
    write_report(folder)
    assert not list(folder.rglob("gone.*"))
    assert list(folder.glob("entries/*.json")) and list(folder.glob("figures/*.svg"))
