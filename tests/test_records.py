"""Records: written as canonical JSON lines, read back equal, and refused in one clear line when damaged."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_bench import records
from w2s_bench.errors import StoreError
from w2s_bench.records import (
    CellRecord,
    RunInfo,
    ScoreRecord,
    canonical_json,
    content_key,
    dump_lines,
    load_json,
    load_lines,
    parse,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
# few characters, all of them awkward; a wide alphabet would take seconds to set up
names = st.text('ab 0é漢😀"\\/{\n\r\t\x00\x1c\x85\u2028\ufeff', max_size=6)
values = st.none() | st.booleans() | st.integers() | numbers | names | st.lists(names, max_size=2)
options = st.dictionaries(names, values, max_size=2)
counts = st.integers(0, 10**12)
score_records = st.builds(
    ScoreRecord,
    schema_version=st.just(1),
    key=names,
    role=st.sampled_from(["teacher", "ceiling", "student"]),
    domain=st.sampled_from(["nlp", "chess", "reward"]),
    task=names,
    task_version=counts,
    model=names,
    parameters=counts,
    method=names,
    options=options,
    labels_from=st.none() | names,
    seed=counts,
    n_train=counts,
    n_test=counts,
    accuracy=numbers,
    label_accuracy=numbers,
    metrics=st.dictionaries(names, numbers, max_size=2),
    loss=st.lists(numbers, max_size=2),
)
cell_records = st.builds(
    CellRecord,
    schema_version=st.just(1),
    domain=st.sampled_from(["nlp", "chess", "reward"]),
    task=names,
    method=names,
    options=options,
    teacher=names,
    student=names,
    seed=counts,
    teacher_key=names,
    student_key=names,
    ceiling_key=names,
)

CELL = {
    "domain": "chess", "task": "t", "method": "m", "teacher": "a", "student": "b", "seed": 0,
    "teacher_key": "1", "student_key": "2", "ceiling_key": "3",
}  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records") / "records.jsonl"


@settings(max_examples=25)
@given(st.lists(score_records, max_size=2))
def test_score_records_come_back_equal(file: Path, records: list[ScoreRecord]) -> None:
    file.write_text(dump_lines(records), "utf8", newline="\n")
    again = load_lines(ScoreRecord, file)
    assert again == records
    assert dump_lines(again) == dump_lines(records)


@settings(max_examples=25)
@given(st.lists(cell_records, max_size=2))
def test_cell_records_come_back_equal(file: Path, records: list[CellRecord]) -> None:
    file.write_text(dump_lines(records), "utf8", newline="\n")
    assert load_lines(CellRecord, file) == records


def test_a_line_separator_inside_a_name_ends_no_line(file: Path) -> None:
    record = CellRecord(**CELL | {"method": "one\u2028two\x85three"})  # JSON leaves them as they are
    file.write_text(dump_lines([record, record]), "utf8", newline="\n")
    assert load_lines(CellRecord, file) == [record, record]


def test_records_are_frozen_and_take_keywords_only() -> None:
    record = CellRecord(**CELL)
    with pytest.raises(AttributeError):
        record.seed = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        CellRecord(*CELL.values())  # type: ignore[call-arg]


# Canonical text and keys


def test_canonical_json_has_one_text_for_equal_values() -> None:
    assert canonical_json({"b": [1, 2.5, None, True], "a": "é"}) == '{"a":"é","b":[1,2.5,null,true]}'
    assert canonical_json({"b": 1, "a": 2}) == canonical_json({"a": 2, "b": 1})


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), {"x": [float("-inf")]}])
def test_canonical_json_refuses_what_is_no_number(bad: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(bad)


def test_a_content_key_is_the_same_for_ever() -> None:
    value = {"task": "nlp/sst2", "seed": 3, "options": {"rate": 0.001, "names": ["é", None]}}
    text = '{"options":{"names":["é",null],"rate":0.001},"seed":3,"task":"nlp/sst2"}'
    assert content_key(value) == hashlib.sha256(text.encode("utf8")).hexdigest()[:32]
    assert content_key(value) == "9b52e4894e64fdca9eb47e6e53e87f5b"


@given(options, options)
def test_keys_differ_where_values_do(one: dict, two: dict) -> None:
    assert (content_key(one) == content_key(two)) == (canonical_json(one) == canonical_json(two))


# Reading what others wrote


def test_old_records_need_not_have_fields_with_a_default() -> None:
    found = parse(CellRecord, CELL, "here")
    assert found == CellRecord(**CELL) and found.options == {} and found.schema_version == 1


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"seed": "many"}, "seed", "integer"),
        ({"seed": None}, "seed", "integer"),
        ({"domain": "poker"}, "domain", "'nlp', 'chess' or 'reward'"),
        ({"options": []}, "options", "dictionary"),
        ({"task": 3}, "task", "string"),
    ],
)
def test_a_bad_field_is_named_with_file_and_line(
    file: Path, change: dict[str, object], field: str, problem: str
) -> None:
    file.write_text(f"{json.dumps(CELL)}\n{json.dumps(CELL | change)}\n", "utf8")
    with pytest.raises(StoreError) as caught:
        load_lines(CellRecord, file)
    assert str(caught.value).startswith(f"{file}:2: field '{field}'")
    assert problem in str(caught.value) and "a CellRecord" in str(caught.value)


def test_a_missing_field_is_named(file: Path) -> None:
    file.write_text(json.dumps({k: v for k, v in CELL.items() if k != "student_key"}), "utf8")
    with pytest.raises(StoreError, match=r"records.jsonl:1: field 'student_key': Field required"):
        load_lines(CellRecord, file)


@pytest.mark.parametrize("text", ['{"domain": ', "PK\x03\x04", "", "[1"])
def test_a_line_that_is_no_json_is_named(file: Path, text: str) -> None:
    file.write_text(f"{json.dumps(CELL)}\n{text}\n", "utf8")
    with pytest.raises(StoreError, match=r"records.jsonl:2: not JSON"):
        load_lines(CellRecord, file)


@pytest.mark.parametrize("text", ["3", "[]", "null", '"text"'])
def test_json_of_another_shape_is_refused(file: Path, text: str) -> None:
    file.write_text(text, "utf8")
    with pytest.raises(StoreError, match="expected a RunInfo"):
        load_json(RunInfo, file)


@pytest.mark.parametrize("load", [lambda p: load_json(RunInfo, p), lambda p: load_lines(CellRecord, p)])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, load) -> None:
    path = tmp_path / "gone.json"
    with pytest.raises(StoreError, match=r"gone.json: cannot be read"):
        load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StoreError, match=r"gone.json: cannot be read"):
        load(path)


def test_what_is_dumped_is_what_asdict_gives() -> None:
    record = CellRecord(**CELL)
    told = CELL | {"options": {}, "reference": False, "schema_version": 1}
    assert json.loads(dump_lines([record])) == told
    assert asdict(record) == told | {"uses_gold": False, "failed": None}, "what is not used is not said"


def test_a_record_of_another_schema_is_refused_by_its_version() -> None:
    with pytest.raises(StoreError, match="schema_version"):
        parse(ScoreRecord, {"schema_version": 2}, "records.jsonl:1")


@dataclass(frozen=True, kw_only=True)
class Third:
    """A kind of file in its third version: ``points`` of a hundred, then a ``share``, now a ``score``."""

    schema_version: Literal[3] = 3
    score: float


@pytest.mark.parametrize(
    "written",
    [
        {"schema_version": 1, "points": 25},
        {"schema_version": 2, "share": 0.25},
        {"schema_version": 3, "score": 0.25},
    ],
)
def test_a_file_of_any_older_version_is_read(written: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {
        ("Third", 1): lambda value: {"share": value["points"] / 100},
        ("Third", 2): lambda value: {"score": value["share"]},
    }
    monkeypatch.setattr(records, "STEPS", steps)
    given = dict(written)
    assert parse(Third, given, "here") == Third(score=0.25)
    assert given == written, "what was read is not changed"


@pytest.mark.parametrize("told", [0, -1, "1", 1.0, True, None, [1]])
def test_a_version_that_never_was_is_damage(told: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "STEPS", {("Third", 1): lambda value: {"share": 1}})
    with pytest.raises(StoreError, match="schema_version"):
        parse(Third, {"schema_version": told, "score": 0.5}, "here")


def test_a_file_of_a_newer_version_says_so(file: Path) -> None:
    file.write_text('{"schema_version": 2, "of": "another day"}\n', "utf8")
    with pytest.raises(StoreError, match=r"2 was written by a newer w2s-bench.*Update") as told:
        load_lines(ScoreRecord, file)
    assert f"{file}:1" in str(told.value)
    file.write_text('{"schema_version": "2"}\n', "utf8")
    with pytest.raises(StoreError, match="field"):
        load_lines(ScoreRecord, file)
