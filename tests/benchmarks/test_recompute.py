"""The table of a run agrees with one that is recomputed from its predictions, and the check can fail."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from w2s_bench import api
from w2s_bench.benchmarks.recompute import TOLERANCE, largest_difference
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.run.settings import RunSettings

SUITE = """# Two domains, controls, two seeds
name = "small"
version = 1
seeds = [0, 1]
methods = ["naive", "confidence", "peer-loss"]
development = ["nlp/polarity-generated"]
references = ["zero-shot", "weak-copy", "ceiling"]
data = { teacher = 60, transfer = 60, validation = 0, test = 60 }
training = { epochs = 1, max_length = 64 }
[admission]
min_gap = 0.0
min_teacher = 0.0
[[grid]]
tasks = ["nlp/polarity-generated", "reward/polarity-generated"]
models = [{ name = "bow", learning_rate = 0.05 }, { name = "zoo:text/64x2", learning_rate = 4e-4 }]
[[grid]]
tasks = ["chess/tactics-generated"]
methods = ["naive", "peer-loss"]
models = ["zoo:chess/12x2-nolines", "zoo:chess/24x2-nolines"]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recompute")
    (folder / "small.toml").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "executor_for", lambda settings, jobs: InlineExecutor())
        api.run_suite(str(folder / "small.toml"), RunSettings(store=folder / "store", out=folder / "out"))
    return folder / "out"


def test_the_table_agrees(ran: Path) -> None:
    assert largest_difference(ran) < TOLERANCE


@pytest.mark.parametrize("column", ["student_accuracy", "gain", "pgr", "over_naive", "agreement", "cells"])
def test_a_missing_or_changed_number_is_seen(ran: Path, column: str) -> None:
    path = ran / "table.csv"
    whole = path.read_bytes()
    for value in ("", 0.123):
        table = pd.read_csv(path, keep_default_na=False, dtype=str)
        pools = table["task"] == ""
        rows = table.index[(table[column] != "") & (pools if column == "cells" else ~pools)]
        table.loc[rows[0], column] = str(value)
        table.to_csv(path, index=False)
        try:
            if (column, value) == ("cells", ""):
                with pytest.raises(ValueError, match="other rows"):
                    largest_difference(ran)
            else:
                assert largest_difference(ran) > 1e-3
        finally:
            path.write_bytes(whole)


def test_a_changed_prediction_is_seen(ran: Path) -> None:
    path = ran / "predictions.parquet"
    whole, table = path.read_bytes(), pd.read_parquet(path)
    cells = pd.read_json(ran / "cells.jsonl", lines=True)
    row = table.index[table["key"] == cells["student_key"][0]][0]
    table.loc[row, "picked"] = 1 - table.loc[row, "picked"]
    table.to_parquet(path)
    try:
        assert largest_difference(ran) > 1e-3
    finally:
        path.write_bytes(whole)
