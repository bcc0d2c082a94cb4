"""Sources of rows: a mirror loads as the hub does, and whatever is wrong with it is one clear error."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow
import pyarrow.parquet
import pytest

from w2s_bench import sources
from w2s_bench.bad_rows import BrokenRow
from w2s_bench.errors import BadData
from w2s_bench.sources import Expanded, GeneratedSource, Held, HubSource, ParquetSource, Row

SST2 = HubSource(
    path="nyu-mll/glue", config="sst2", revision="0" * 40, columns=("sentence", "label"), test="validation"
)
PUZZLES = HubSource(path="Lichess/chess-puzzles", revision="main", columns=("GameId", "Rating"))
HH = HubSource(
    path="Anthropic/hh-rlhf",
    config="harmless-base",
    revision="main",
    columns=("chosen", "rejected"),
    train=("train", "test"),
)
TRAIN = "nyu-mll/glue/sst2/train-00000-of-00001.parquet"
VALIDATION = "nyu-mll/glue/sst2/validation-00000-of-00001.parquet"

Change = Callable[[pyarrow.Table], pyarrow.Table]


def rewrite(path: Path, change: Change) -> None:
    pyarrow.parquet.write_table(change(pyarrow.parquet.read_table(path)), path)


def complaint(load: Callable[[], object]) -> str:
    with pytest.raises(BadData) as caught:
        load()
    return str(caught.value)


# A mirror


def test_a_mirror_gives_the_columns_of_the_card_and_no_others(hub: Path) -> None:
    train, test = SST2.rows("train", hub), SST2.rows("test", hub)
    assert (len(train), len(test)) == (120, 40)
    assert train[0] == {"sentence": "the plot is really dull ", "label": 0}
    assert {tuple(row) for row in [*train, *test]} == {("sentence", "label")}


def test_a_data_set_without_configurations_loads(hub: Path) -> None:
    rows = PUZZLES.rows("train", hub)
    assert len(rows) == 300 and rows[3].keys() == {"GameId", "Rating"} and rows[3]["Rating"] == 1910


def test_splits_of_a_card_are_pooled_and_some_may_be_absent(hub: Path) -> None:
    assert len(HH.rows("train", hub)) == 100
    readme = hub / "Anthropic/hh-rlhf/README.md"
    lines = readme.read_text("utf8").splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "path: harmless-base/train" in line) - 1
    readme.write_text("".join(lines[:at] + lines[at + 2 :]), "utf8")
    assert len(HH.rows("train", hub)) == 20


def test_a_test_split_exists_where_the_card_names_one() -> None:
    assert SST2.has("train") and SST2.has("test")
    assert PUZZLES.has("train") and not PUZZLES.has("test")


def test_files_that_changed_are_read_again(hub: Path) -> None:
    first = SST2.rows("train", hub)
    rewrite(hub / TRAIN, lambda table: table.slice(0, 50))
    assert SST2.rows("train", hub) == first[:50]  # and not what some cache kept under that path


def test_another_mirror_gives_its_own_rows(hub: Path, tmp_path: Path) -> None:
    first = SST2.rows("train", hub)
    rewrite(hub / TRAIN, lambda table: table.slice(50))
    hub = hub.rename(tmp_path / "other")
    assert SST2.rows("train", hub) == first[50:]


@pytest.mark.parametrize("file", [TRAIN, VALIDATION, "nyu-mll/glue/README.md", "nyu-mll/glue/new.txt"])
def test_a_fingerprint_changes_when_a_file_does(hub: Path, file: str) -> None:
    before = SST2.fingerprint(hub)
    assert SST2.fingerprint(hub) == before
    with (hub / file).open("a") as stream:
        stream.write("x")
    assert SST2.fingerprint(hub) != before


def test_a_fingerprint_is_of_content_wherever_it_lies(hub: Path, tmp_path: Path) -> None:
    before = SST2.fingerprint(hub)
    for path in hub.rglob("*.parquet"):
        os.utime(path, (1, 1))
    for notes in (".git/index", ".cache/huggingface/download/x.metadata", ".gitattributes"):
        (hub / "nyu-mll/glue" / notes).parent.mkdir(parents=True, exist_ok=True)
        (hub / "nyu-mll/glue" / notes).write_text("of the day", "utf8")
    assert SST2.fingerprint(hub.rename(tmp_path / "moved")) == before


def test_a_fingerprint_tells_configurations_and_splits_apart(hub: Path) -> None:
    others = [
        HubSource(path=SST2.path, config=config, revision="main", columns=("x",), train=train, test=test)
        for config in ("sst2", "cola") for train in (("train",), ("train", "more")) for test in (None, "test")
    ]  # fmt: skip
    assert len({source.fingerprint(hub) for source in [SST2, *others]}) == 9


# What may be wrong with it


def test_a_missing_column_is_named_with_those_that_exist(hub: Path) -> None:
    for file in (TRAIN, VALIDATION):
        rewrite(hub / file, lambda table: table.drop_columns(["label"]))
    assert complaint(lambda: SST2.rows("train", hub)) == (
        "data set nyu-mll/glue (sst2): column 'label' is missing; expected columns sentence, label; "
        "found sentence, idx. Check the revision of the data set or the files of the mirror"
    )


def test_splits_that_do_not_fit_together_are_told(hub: Path) -> None:
    rewrite(hub / TRAIN, lambda table: table.drop_columns(["label"]))
    said = complaint(lambda: SST2.rows("train", hub))
    assert "data set nyu-mll/glue (sst2)" in said and "column names don't match" in said


@pytest.mark.parametrize("groups", [0, 1])
def test_an_empty_data_set_is_told(hub: Path, groups: int) -> None:
    for file in (TRAIN, VALIDATION):
        schema = pyarrow.parquet.read_schema(hub / file)
        with pyarrow.parquet.ParquetWriter(hub / file, schema) as writer:
            if groups:
                writer.write_table(schema.empty_table())
    said = complaint(lambda: SST2.rows("train", hub))
    assert said.startswith("data set nyu-mll/glue (sst2): the data set is empty; expected at least one row")


def test_a_library_says_nothing_beside_the_error(hub: Path) -> None:
    heard: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign]
    logging.getLogger("datasets").addHandler(handler)
    (hub / TRAIN).write_bytes(b"not Parquet")
    complaint(lambda: SST2.rows("train", hub))
    logging.getLogger("datasets").removeHandler(handler)
    assert heard == []


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (TRAIN, b"not Parquet", "cannot be loaded: ArrowInvalid"),
        (TRAIN, None, "cannot be loaded: FileNotFoundError"),
        ("nyu-mll/glue/README.md", None, "BuilderConfig 'sst2' not found"),
    ],
)
def test_files_that_cannot_be_read_are_told(hub: Path, file: str, content: bytes | None, said: str) -> None:
    (hub / file).unlink() if content is None else (hub / file).write_bytes(content)
    assert said in complaint(lambda: SST2.rows("train", hub))


def test_a_missing_split_tells_those_that_exist(hub: Path) -> None:
    source = HubSource(
        path="Lichess/chess-puzzles",
        revision="main",
        columns=("Rating",),
        test="hard",
        train=("old", "older"),
    )
    assert "no split 'hard'; expected one of train" in complaint(lambda: source.rows("test", hub))
    assert "no split 'old' or 'older'" in complaint(lambda: source.rows("train", hub))


def test_a_missing_folder_is_named(hub: Path) -> None:
    source = HubSource(path="some/where", revision="main", columns=("x",))
    for load in (lambda: source.rows("train", hub), lambda: source.fingerprint(hub)):
        said = complaint(load)
        assert said.startswith(
            f"{hub}: data set 'some/where' is not in the mirror; expected a folder some/where"
        )
        assert "--hub" in said and "W2S_HUB" in said


# The hub itself


@pytest.mark.parametrize("source", [SST2, PUZZLES, HH], ids=lambda source: source.path)
def test_offline_without_a_mirror_names_data_set_option_and_command(source: HubSource) -> None:
    said = complaint(lambda: source.rows("train", None))
    assert said.startswith(f"data set {source.path!r} is not on this machine")
    assert "w2s-bench run SUITE --hub DIR" in said and "W2S_HUB=DIR" in said and "\n" not in said


def test_the_fingerprint_of_a_pinned_commit_needs_no_network() -> None:
    assert SST2.fingerprint(None) == f"hub:nyu-mll/glue@{'0' * 40}:sst2:train:validation"


def test_a_branch_is_resolved_to_a_commit_and_needs_the_hub() -> None:
    assert "'Lichess/chess-puzzles' is not on this machine" in complaint(lambda: PUZZLES.fingerprint(None))


def test_the_commit_of_the_day_enters_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    class Hub:
        def dataset_info(self, path: str, revision: str) -> object:
            return type("Info", (), {"sha": f"{path} {revision}"})

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    assert PUZZLES.fingerprint(None) == "hub:Lichess/chess-puzzles@Lichess/chess-puzzles main:None:train:None"


class ConnectTimeout(Exception):
    """Named like the error of an HTTP library."""


@pytest.mark.parametrize(
    ("error", "offline"),
    [(ConnectionError(), True), (ConnectTimeout(), True), (ValueError("no such configuration"), False)],
)
def test_only_a_hub_out_of_reach_is_called_that(
    monkeypatch: pytest.MonkeyPatch, error: Exception, offline: bool
) -> None:
    import datasets

    def fail(*_: object, **__: object) -> None:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError("something went wrong") from cause

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(datasets, "load_dataset", fail)
    said = complaint(lambda: SST2.rows("train", None))
    assert ("out of reach" in said) == offline
    assert ("no such configuration" in said) != offline


# What ships, and what is generated


def test_shipped_rows_come_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"a": [1, 2], "b": ["x", "y"], "c": [0, 0]}), file)
    source = ParquetSource(file=file, columns=("b", "a"))
    assert list(source.rows("train", None)) == [{"b": "x", "a": 1}, {"b": "y", "a": 2}]
    assert source.has("train") and not source.has("test")
    before = source.fingerprint(None)
    rewrite(file, lambda table: table.slice(0, 1))
    assert source.fingerprint(None) != before


@pytest.mark.parametrize(
    ("columns", "content"), [(("a", "gone"), None), (("a",), b"not Parquet"), (("a",), b"")]
)
def test_a_shipped_file_that_is_damaged_is_named(
    tmp_path: Path, columns: tuple[str, ...], content: bytes | None
) -> None:
    file = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), file)
    if content is not None:
        file.write_bytes(content)
    source = ParquetSource(file=file, columns=columns)
    said = complaint(lambda: source.rows("train", None))
    assert said.startswith(f"{file}: cannot be read")
    assert content is not None or "gone" in said


def test_a_shipped_file_that_is_gone_is_named(tmp_path: Path) -> None:
    source = ParquetSource(file=tmp_path / "gone.parquet", columns=("a",))
    for load in (lambda: source.rows("train", None), lambda: source.fingerprint(None)):
        assert complaint(load).startswith(f"{tmp_path}/gone.parquet: cannot be read")


def draw(size: int, seed: int):
    return ({"x": Random(f"{seed} {i}").random()} for i in range(size))


def test_generated_rows_follow_from_size_and_seed() -> None:
    rows = GeneratedSource(generate=draw, size=5).rows("train", None)
    assert rows == GeneratedSource(generate=draw, size=9).rows("train", None)[:5] and len(rows) == 5
    assert rows != GeneratedSource(generate=draw, size=5, seed=1).rows("train", None)


def test_a_generated_fingerprint_changes_with_size_seed_and_code(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "a.py").write_text("A = 1\n", "utf8")
    found = [
        GeneratedSource(generate=draw, size=5).fingerprint(None),
        GeneratedSource(generate=draw, size=6).fingerprint(None),
        GeneratedSource(generate=draw, size=5, seed=1).fingerprint(None),
        GeneratedSource(generate=draw, size=5, code=(code,)).fingerprint(None),
        GeneratedSource(generate=draw, size=5, code=(code / "a.py", code)).fingerprint(None),
    ]
    (code / "a.py").write_text("A = 22\n", "utf8")
    found.append(GeneratedSource(generate=draw, size=5, code=(code,)).fingerprint(None))
    (code / "b.py").write_text("B = 1\n", "utf8")
    found.append(GeneratedSource(generate=draw, size=5, code=(code,)).fingerprint(None))
    assert len(set(found)) == 7
    (code / "notes.txt").write_text("no code", "utf8")
    assert GeneratedSource(generate=draw, size=5, code=(code,)).fingerprint(None) == found[-1]


def test_a_file_is_hashed_once_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), file)
    source = ParquetSource(file=file, columns=("a",))
    before = source.fingerprint(None)
    monkeypatch.setattr(sources.hashlib, "file_digest", None)
    assert source.fingerprint(None) == before


# Rows that stand for several


def twice(row: Row) -> list[Row]:
    """None for even numbers, two for odd ones."""
    return [{"x": row["x"], "side": side} for side in "ab"] if row["x"] % 2 else []


def numbers(size: int, seed: int):
    return ({"x": seed + i} for i in range(size))


NUMBERS = GeneratedSource(generate=numbers, size=4)


def test_a_row_may_stand_for_none_or_several() -> None:
    source = Expanded(source=NUMBERS, expand=twice)
    assert [(r["x"], r["side"]) for r in source.rows("train", None)] == [
        (1, "a"), (1, "b"), (3, "a"), (3, "b"),
    ]  # fmt: skip
    assert source.has("train") and not source.has("test")


def test_sources_wrap_each_other() -> None:
    held = Held(source=Expanded(source=NUMBERS, expand=twice), test=lambda row: row["x"] == 3)
    assert [row["side"] for row in held.rows("test", None)] == ["a", "b"]


def test_an_expanded_fingerprint_changes_with_source_and_code(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("A = 1\n", "utf8")
    more = GeneratedSource(generate=numbers, size=5)
    found = [
        Expanded(source=NUMBERS, expand=twice).fingerprint(None),
        Expanded(source=more, expand=twice).fingerprint(None),
        Expanded(source=NUMBERS, expand=twice, code=(code,)).fingerprint(None),
    ]
    code.write_text("A = 22\n", "utf8")
    found.append(Expanded(source=NUMBERS, expand=twice, code=(code,)).fingerprint(None))
    assert len({NUMBERS.fingerprint(None), *found}) == 5


def test_a_row_that_cannot_be_expanded_keeps_its_place_and_says_why() -> None:
    source = Expanded(source=NUMBERS, expand=lambda row: [{"x": row["gone"]}])
    broken = source.rows("train", None)[0]
    assert isinstance(broken, BrokenRow) and broken == {"x": 0} and str(broken.error) == "'gone'"
