"""Parts of data sets of the hub: folders of a conversion branch, one row in so many, sets that only test."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import datasets
import pyarrow
import pyarrow.parquet
import pytest

from w2s_bench.errors import BadData
from w2s_bench.sources import HubSource

COMMIT = "0" * 40
CONVERTED = HubSource(
    path="some/set",
    config="part",
    revision=COMMIT,
    files="*/{split}/*.parquet",
    columns=("text",),
    train=("train", "validation"),
    test="hard_test",
)


@pytest.fixture
def branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the hub's conversion to Parquet lays it out; what is asked of the hub is read from it."""
    for split in ("train", "validation", "test", "hard_test", "challenge"):
        folder = tmp_path / "branch" / "part" / split
        folder.mkdir(parents=True)
        table = pyarrow.table({"text": [f"{split} {i}" for i in range(10)]})
        pyarrow.parquet.write_table(table, folder / "0000.parquet")
    load = datasets.load_dataset

    def from_folder(path: str, data_files: dict[str, str], **how: Any) -> Any:
        at = f"hf://datasets/some/set@{COMMIT}"
        assert all(url.startswith(at) for url in data_files.values())
        there = {split: url.replace(at, str(tmp_path / "branch")) for split, url in data_files.items()}
        return load(path, data_files=there, cache_dir=str(tmp_path / "cache"), **how)

    monkeypatch.setattr(datasets, "load_dataset", from_folder)
    return tmp_path / "branch"


def test_splits_of_a_conversion_branch_are_folders(branch: Path) -> None:
    """A folder hard_test is no part of test, though its name ends so."""
    train = [row["text"] for row in CONVERTED.rows("train", None)]
    assert train == [f"train {i}" for i in range(10)] + [f"validation {i}" for i in range(10)]
    assert [row["text"] for row in CONVERTED.rows("test", None)] == [f"hard_test {i}" for i in range(10)]


def test_without_files_the_configuration_is_named() -> None:
    source = HubSource(path="some/set", config="part", revision=COMMIT, columns=("text",))
    assert source._on_hub(COMMIT) == {"path": "some/set", "name": "part", "revision": COMMIT}


def test_csv_files_keep_texts_that_look_like_no_value(branch: Path) -> None:
    (branch / "train.csv").write_text('label,text\n1,NA\n0,"a, b"\n', "utf8")
    source = HubSource(path="some/set", revision=COMMIT, files="{split}.csv", columns=("text", "label"))
    assert source.rows("train", None) == [{"text": "NA", "label": 1}, {"text": "a, b", "label": 0}]


def test_lines_of_json_may_be_packed(branch: Path) -> None:
    with gzip.open(branch / "train.jsonl.gz", "wt") as stream:
        stream.write('{"text": "a"}\n{"text": "b"}\n')
    source = HubSource(path="some/set", revision=COMMIT, files="{split}.jsonl.gz", columns=("text",))
    assert source.rows("train", None) == [{"text": "a"}, {"text": "b"}]


def test_one_row_in_so_many_is_read(branch: Path) -> None:
    source = HubSource(
        path="some/set",
        revision=COMMIT,
        files="*/{split}/*.parquet",
        columns=("text",),
        test="test",
        every=4,
    )
    assert [row["text"] for row in source.rows("train", None)] == ["train 0", "train 4", "train 8"]
    assert [row["text"] for row in source.rows("test", None)] == ["test 0", "test 4", "test 8"]


def test_a_set_for_tests_only_has_no_training_rows(branch: Path) -> None:
    source = HubSource(
        path="some/set",
        revision=COMMIT,
        files="*/{split}/*.parquet",
        columns=("text",),
        train=(),
        test="test",
    )
    assert source.has("test") and not source.has("train") and len(source.rows("test", None)) == 10
    with pytest.raises(BadData, match="no split"):
        source.rows("train", None)
