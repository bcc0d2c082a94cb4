"""Per-item scores by hand, and that a new metric is one file."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.tiny_runs import HEAD, NLP, finish, tiny

from w2s_bench import metric, metrics
from w2s_bench.metrics.accuracy import accuracy
from w2s_bench.metrics.brier_score import brier_score
from w2s_bench.metrics.calibration_error import calibration_error
from w2s_bench.metrics.greedy_accuracy import greedy_accuracy
from w2s_bench.records import Entry, load_json
from w2s_bench.report.tables import as_csv, as_json
from w2s_bench.report.write import write_report

PROBABILITIES = np.array([[0.7, 0.3, 0.0], [0.2, 0.3, 0.5], [0.4, 0.4, 0.2], [0.0, 1.0, 0.0]])
GOLD = np.array([0, 1, 1, 1])


def test_the_most_probable_option_is_picked_and_the_first_of_equals() -> None:
    assert metric.picks(PROBABILITIES).tolist() == [0, 2, 0, 1]


def test_correct_is_one_where_the_pick_is_gold() -> None:
    correct = metric.correct(PROBABILITIES, GOLD)
    assert correct.tolist() == [1, 0, 0, 1] and correct.dtype == np.uint8
    assert accuracy(PROBABILITIES, GOLD) == 0.5


def test_a_free_answer_counts_only_if_it_is_the_gold_option() -> None:
    assert greedy_accuracy([0, -1, 0, 1], GOLD) == 0.5
    assert greedy_accuracy([-1, -1, -1, -1], GOLD) == 0.0  # −1 is no option, not the last one


@given(arrays(np.int64, st.integers(1, 20), elements=st.integers(0, 6)), st.integers(7, 9))
def test_one_hot_labels_are_gold(gold: np.ndarray, options: int) -> None:
    labels = metric.one_hot(gold, options)
    assert labels.shape == (len(gold), options) and labels.dtype == np.float32
    assert (labels.sum(axis=1) == 1).all()
    assert accuracy(labels, gold) == pytest.approx(1)


def test_a_line_is_right_when_all_of_its_items_are() -> None:
    names, solved = metric.by_line(["b", "a", "b", "c"], np.array([1, 1, 0, 1]))
    assert (names, solved.tolist()) == (["b", "a", "c"], [0, 1, 1])
    _, chance = metric.by_line(["b", "a", "b", "c"], np.array([0.5, 0.25, 0.5, 1.0]))
    assert chance.tolist() == [0.25, 0.25, 1.0]


def test_calibration_by_hand() -> None:
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 8) == pytest.approx(0)
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 5) == pytest.approx(0.3)
    two = calibration_error(np.array([1.0, 1.0, 0.5, 0.5]), np.array([1, 1, 0, 0]))
    assert two == pytest.approx(0.25)


def test_brier_by_hand() -> None:
    sure = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert brier_score(sure, np.array([0, 1])) == 0
    assert brier_score(sure, np.array([1, 0])) == 2
    assert brier_score(np.full((2, 2), 0.5), np.array([0, 1])) == 0.5


MARGIN = '''
"""Margin: how much the picked option leads the second."""

import numpy as np

from w2s_bench.metric import FitAnswers, Metric


def margin(answers: FitAnswers) -> float:
    """Mean lead of the first option over the second."""
    ordered = np.sort(answers.probabilities, axis=1)
    return float((ordered[:, -1] - ordered[:, -2]).mean())


METRIC = Metric(name="margin", title="mean margin", compute=margin, form=".3f")
'''


def test_a_new_metric_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the room, and its number stands in records and tables."""
    (tmp_path / "margin.py").write_text(MARGIN)
    monkeypatch.setattr(metrics, "__path__", [*metrics.__path__, str(tmp_path)])
    folder = tmp_path / "run"
    finish(tiny(), folder)
    info = json.loads((folder / "run.json").read_text())
    suite = HEAD.format(bootstrapping='"bootstrapping"') + NLP
    (folder / "run.json").write_text(json.dumps(info | {"suite_toml": suite}))
    run, rows = write_report(folder)
    assert all(0 < record.metrics["margin"] < 1 for record in run.records)
    (row,) = [r for r in rows if r.task is not None and r.method == "naive"]
    (student,) = [c.student_key for c in run.cells if c.method == "naive"]
    expected = next(r.metrics["margin"] for r in run.records if r.key == student)
    assert row.metrics == {"margin": pytest.approx(expected)}
    document = as_json(rows, run.info)
    assert document["rows"][rows.index(row)]["margin"] == pytest.approx(expected)
    for name in ("table.md", "report.html"):
        text = (folder / name).read_text("utf8")
        assert "mean margin" in text
    (line,) = csv.DictReader(io.StringIO(as_csv([row])))
    assert float(line["margin"]) == pytest.approx(expected)
    entry = load_json(Entry, folder / "entries" / "naive.json")
    assert row in entry.rows
