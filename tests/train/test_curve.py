"""Curves: what students answer while they train; it changes nothing of what they learn."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from support.commands import well

from w2s_bench.report.figure_data import courses
from w2s_bench.results.run_folder import Run, load_run
from w2s_bench.suite import Training, parse_suite

SUITE = """
name = "small"
version = 1
seeds = [0]
methods = ["naive", { name = "naive", label = "hard", hard = true }]
[[grid]]
tasks = ["nlp/polarity-generated"]
data = { teacher = 40, transfer = 40, test = 30 }
training = { epochs = 2, batch_size = 8, max_length = 64, curve = 2 }
models = [{ name = "bow", learning_rate = 0.05 }, { name = "zoo:text/16x1", learning_rate = 1e-3 }]
"""
SAME_HASH = "cbf3e7769a001476cb9c060742cb1db2"  # of the suite without curves, before there were any


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run, Path]:
    """With curves and without."""
    folder = tmp_path_factory.mktemp("curves")
    for name, text in (("with", SUITE), ("without", SUITE.replace(", curve = 2", ""))):
        (folder / f"{name}.toml").write_text(text)
        place = ("--out", folder / name, "--store", folder / "store", "--workers", 1)
        well("run", folder / f"{name}.toml", *place)
    return load_run(folder / "with"), load_run(folder / "without"), folder


def test_a_curve_changes_no_result(runs: tuple[Run, Run, Path]) -> None:
    marked, plain, _ = runs
    assert sorted(r.accuracy for r in marked.records) == sorted(r.accuracy for r in plain.records)
    assert sorted(r.loss for r in marked.records) == sorted(r.loss for r in plain.records)
    assert not any(r.curve for r in plain.records)


def test_students_alone_have_curves_that_end_where_they_end(runs: tuple[Run, Run, Path]) -> None:
    marked, _, folder = runs
    for record in marked.records:
        assert [p.share for p in record.curve] == ([0.3, 0.5, 0.8, 1.0] if record.role == "student" else [])
        if record.curve:
            assert record.curve[-1].accuracy == record.accuracy
    assert (folder / "with" / "figures" / "overfitting.png").is_file()
    assert not (folder / "without" / "figures" / "overfitting.png").exists()


def test_courses_are_means_by_method_as_cells_name_it(runs: tuple[Run, Run, Path]) -> None:
    found = courses(runs[0])
    assert [(c.domain, c.method, c.fits) for c in found] == [("nlp", "naive", 1), ("nlp", "hard", 1)]
    assert all(len(c.share) == len(c.accuracy) == len(c.agreement) == 4 for c in found)
    with (runs[2] / "with" / "curves.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["method"] for line in lines] == ["naive"] * 4 + ["hard"] * 4
    assert [float(line["accuracy"]) for line in lines[:4]] == found[0].accuracy.tolist()
    assert not (runs[2] / "without" / "curves.csv").exists()


def test_a_suite_without_curves_keeps_its_keys() -> None:
    assert "curve" not in Training().for_key() and Training(curve=3).for_key()["curve"] == 3
    plain = SUITE.replace(", curve = 2", "")
    assert parse_suite(plain, "small.toml").hash == SAME_HASH
    assert parse_suite(SUITE, "small.toml").hash != SAME_HASH
