"""A user's own task: what each form makes of a row, and what is told where file, keys or rows are wrong."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import strict, suite_of, w2s, well

from w2s_bench.contract import checks
from w2s_bench.data.splits import make_split
from w2s_bench.data.toml_task.spec import read_spec
from w2s_bench.errors import BadData, UserError
from w2s_bench.registry.load import anchored
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.run import scheduler
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.suite import Data
from w2s_bench.task import Example, Task, fingerprint, load_task

HEAD = 'name = "mine"\nlicence = "MIT"\ncitation = "me"\nlanguage = "en"\n'
CLASSES = 'domain = "nlp"\nfile = "rows.csv"\nprompt = "text"\nlabel = "label"\nclasses = ["no", "yes"]\n'


def written(folder: Path, body: str, rows: Sequence[dict[str, Any]], file: str = "rows.csv") -> Path:
    """A task's file and its rows, in the kind of file that the name says."""
    _data(folder / file, rows)
    path = folder / "mine.toml"
    path.write_text(HEAD + body, "utf8")
    return path


def _data(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", "utf8")
    else:
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)


def texts(n: int = 80) -> list[dict[str, Any]]:
    return [{"text": f"text number {k}", "label": ("no", "yes")[k % 2], "who": k // 4} for k in range(n)]


def built(path: Path, split: str = "train") -> list[Example]:
    task = load_task(str(path))
    return [task.build(row) for row in task.rows(split, None)]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_each_kind_of_file_gives_the_same_examples(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, CLASSES.replace("csv", kind) + 'group = "who"\n', texts(200), f"rows.{kind}")
    first, *_, last = built(path)
    assert (first.prompt, first.options, first.gold, first.group) == ("text number 0", ("no", "yes"), 0, "0")
    assert (last.gold, last.group) == (1, "49")
    checks.check_task(str(path))


def test_only_named_columns_are_read(tmp_path: Path) -> None:
    (row, *_) = load_task(str(written(tmp_path, CLASSES, texts()))).rows("train", None)
    assert row.keys() == {"text", "label"}


def test_labels_may_be_given_names(tmp_path: Path) -> None:
    rows = [{"text": f"t {k}", "label": k % 3} for k in range(9)]
    body = CLASSES.replace('["no", "yes"]', '{ "0" = "bad", "1" = "good", "2" = "good" }')
    for kind in ("csv", "parquet"):
        found = built(written(tmp_path, body.replace("csv", kind), rows, f"rows.{kind}"))
        assert [e.gold for e in found[:3]] == [0, 1, 1] and found[0].options == ("bad", "good")


def test_a_prompt_may_be_made_of_columns(tmp_path: Path) -> None:
    body = CLASSES.replace('prompt = "text"', 'prompt = "{text}\\nBy {who}:"')
    assert built(written(tmp_path, body, texts()))[5].prompt == "text number 5\nBy 1:"


QUESTION = {"q": "Two and two?", "a": "three", "b": "four", "c": "five", "label": "1"}
OPTIONS = 'domain = "nlp"\nfile = "rows.csv"\nprompt = "q"\nlabel = "label"\noptions = ["a", "b", "c"]\n'


@pytest.mark.parametrize(
    "label_is, label", [("index", "1"), ("number", "2"), ("letter", "B"), ("letter", "b"), ("text", "four")]
)
def test_the_right_option_may_be_told_in_four_ways(label_is: str, label: str, tmp_path: Path) -> None:
    path = written(tmp_path, f'{OPTIONS}label_is = "{label_is}"\n', [QUESTION | {"label": label}])
    (example,) = built(path)
    assert set(example.options) == {"three", "four", "five"} and example.options[example.gold] == "four"


def test_options_may_be_a_list_and_differ_in_number(tmp_path: Path) -> None:
    body = OPTIONS.replace('["a", "b", "c"]', '"all"').replace("csv", "jsonl")
    rows = [{"q": f"q {n}", "all": [f"o {k}" for k in range(n)], "label": 0} for n in (2, 3, 4)]
    found = built(written(tmp_path, body, rows, "rows.jsonl"))
    assert [len(e.options) for e in found] == [2, 3, 4] and {e.options[e.gold] for e in found} == {"o 0"}


def test_the_place_of_the_answer_never_follows_the_file(tmp_path: Path) -> None:
    rows = [QUESTION | {"q": f"q {k}", "label": "0"} for k in range(300)]
    gold = [e.gold for e in built(written(tmp_path, OPTIONS, rows))]
    assert all(70 < gold.count(k) < 130 for k in range(3))


def test_right_and_wrong_answers(tmp_path: Path) -> None:
    body = 'domain = "nlp"\nfile = "rows.csv"\nprompt = "q"\nright = "b"\nwrong = ["a", "c"]\n'
    one, two = built(written(tmp_path, body, [QUESTION, QUESTION | {"q": "again", "c": ""}]))
    assert one.options[one.gold] == "four" and len(one.options) == 3 and set(two.options) == {"three", "four"}


PAIR = 'domain = "reward"\nfile = "rows.csv"\nprompt = "p"\nchosen = "good"\nrejected = "bad"\n'


def test_preference_pairs(tmp_path: Path) -> None:
    rows = [{"p": f"ask {k}", "good": f"yes {k}", "bad": f"no {k}"} for k in range(60)]
    path = written(tmp_path, PAIR, rows)
    assert {e.options[e.gold].split()[0] for e in built(path)} == {"yes"}
    assert 15 < sum(e.gold for e in built(path)) < 45


CHESS = 'domain = "chess"\nfile = "rows.csv"\nfen = "fen"\nmoves = "moves"\n'
START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


def test_chess_lines_with_and_without_the_opponents_move(tmp_path: Path) -> None:
    rows = [{"fen": START, "moves": "e2e4 e7e5"}]
    (example,) = built(written(tmp_path, CHESS, rows))
    assert example.options[example.gold] == "e7e5" and (example.position or "").endswith(" b KQkq - 0 1 e2e4")
    (example,) = built(written(tmp_path, CHESS + "opponent_first = false\n", rows))
    assert (
        example.options[example.gold] == "e2e4" and example.position == START and len(example.options) == 20
    )


def test_a_test_file_or_a_column_gives_the_test_set(tmp_path: Path) -> None:
    _data(tmp_path / "more.csv", [{"text": "apart", "label": "no"}])
    path = written(tmp_path, CLASSES + 'test_file = "more.csv"\n', texts())
    assert [e.prompt for e in built(path, "test")] == ["apart"] and len(built(path)) == 80
    rows = [row | {"part": "train" if k % 4 else "test"} for k, row in enumerate(texts())]
    path = written(tmp_path, CLASSES + 'split = "part"\n', rows)
    assert len(built(path, "test")) == 20 and len(built(path)) == 60


def test_groups_are_not_torn(tmp_path: Path) -> None:
    task = load_task(str(written(tmp_path, CLASSES + 'group = "who"\n', texts())))
    split = make_split(task, Data(teacher=20, transfer=20, validation=4, test=20), 0, None)
    who = {row["text"]: row["who"] for row in task.rows("train", None)}
    groups = [{who[item.prompt] for item in part.items} for part in split.values()]
    assert sum(map(len, groups)) == len(set().union(*groups))
    assert np.mean(split["test"].gold) == 0.5


# What is wrong, in words


@pytest.mark.parametrize(
    "body, told",
    [
        (CLASSES.replace('label = "label"\n', ""), "a nlp task needs the keys classes, label, prompt or"),
        (
            CLASSES + 'colour = "red"\n',
            "mine.toml:10: key 'colour': no such key; expected one of name, domain",
        ),
        (
            CLASSES.replace('"nlp"', '"cards"'),
            "mine.toml:5: key 'domain': 'cards' will not do; expected 'nlp'",
        ),
        (CLASSES.replace('file = "rows.csv"\n', ""), "key 'file': this key is missing"),
        (CLASSES + "version = 0\n", "key 'version': 0 will not do; expected greater than or equal to 1"),
        (CLASSES + 'version = "1"\n', "key 'version': '1' will not do; expected a valid integer"),
        (CLASSES.replace('["no", "yes"]', '["no"]'), "classes has fewer than two names"),
        (CLASSES + 'test_file = "a.csv"\nsplit = "b"\n', "test_file and split both say"),
        (CLASSES + 'answers = ["a", "b"]\n', "answers without a question"),
        (CLASSES + 'fen = "fen"\n', "here are classes, fen, label, prompt"),
        (CHESS.replace("chess", "reward"), "a reward task needs the keys chosen, prompt, rejected"),
        (CLASSES + "version = \n", "mine.toml:10: not TOML"),
    ],
)
def test_a_wrong_key_is_told_with_its_place(body: str, told: str, tmp_path: Path) -> None:
    path = written(tmp_path, body, texts())
    with pytest.raises(UserError) as caught:
        read_spec(path)
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert "see docs/how-to/write-a-task.md" in caught.value.mend.lower() or "not TOML" in told


@pytest.mark.parametrize(
    "body, file, text, told",
    [
        (CLASSES, "rows.csv", "text,gold\na,no\n", "column 'label' is missing; expected columns text, label"),
        (CLASSES, "rows.csv", "text,label\n", "no rows for split 'train'"),
        (CLASSES, "other.csv", "text,label\n", "no such data file"),
        (
            CLASSES.replace("csv", "xlsx"),
            "rows.xlsx",
            "x",
            "unknown kind of file '.xlsx'; expected one of .csv",
        ),
        (
            CLASSES.replace("csv", "jsonl"),
            "rows.jsonl",
            '{"text": 1}\n[1]\n',
            "rows.jsonl:2: list, no object",
        ),
        (CLASSES.replace("csv", "jsonl"), "rows.jsonl", "{}\n{,}\n", "rows.jsonl:2: no JSON"),
        (CLASSES.replace("csv", "parquet"), "rows.parquet", "x", "cannot be read"),
        (CLASSES + 'split = "label"\n', "rows.csv", "text,label\na,no\n", "column 'label' says 'no'"),
    ],
)
def test_a_wrong_data_file_is_told(body: str, file: str, text: str, told: str, tmp_path: Path) -> None:
    path = written(tmp_path, body, texts(), "unused.csv")
    (tmp_path / file).write_text(text)
    with pytest.raises(BadData) as caught:
        load_task(str(path)).rows("train", None)
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, CLASSES, texts())
    (tmp_path / "rows.csv").write_bytes(b"text,label\n\xff,no\n")
    with pytest.raises(BadData, match="not UTF-8"):
        load_task(str(path)).rows("train", None)


@pytest.mark.parametrize(
    "body, row, told",
    [
        (CLASSES, {"text": "a", "label": "maybe"}, "label 'maybe' is not among 'no', 'yes'"),
        (CLASSES, {"text": " ", "label": "no"}, "column 'text' is empty"),
        (OPTIONS, QUESTION | {"label": "3"}, "label '3' names none of 3 options"),
        (OPTIONS, QUESTION | {"label": "-1"}, "label '-1' names none of 3 options"),
        (OPTIONS, QUESTION | {"a": "four"}, "another option equals the right one, 'four'"),
        (OPTIONS, QUESTION | {"b": ""}, "the right option is empty"),
        (PAIR, {"p": "q", "good": "same", "bad": "same"}, "the two sides of the pair are equal"),
        (CHESS, {"fen": START, "moves": "e2e4"}, "has no answer to the opponent's move"),
        (CHESS, {"fen": START, "moves": "e2e5 e7e5"}, "move 'e2e5' is not legal"),
        (CHESS, {"fen": "8/8/8/8/8/8/8/8 w - - 0 1", "moves": "e2e4 e7e5"}, "is not valid"),
    ],
)
def test_a_row_that_cannot_be_used_is_told(body: str, row: dict[str, str], told: str, tmp_path: Path) -> None:
    task = load_task(str(written(tmp_path, body, [row])))
    with pytest.raises(BadData, match=r"row cannot be used") as caught:
        task.build(task.source.rows("train", None)[0])
    assert told in str(caught.value)


# Wherever a task's name is taken


def test_the_key_covers_both_files(tmp_path: Path) -> None:
    path = written(tmp_path, CLASSES, texts())

    def key() -> str:
        return fingerprint(str(path), load_task(str(path)), None)

    before = key()
    assert before == key()
    path.write_text(path.read_text() + "# a comment\n")
    assert key() == before
    path.write_text(path.read_text().replace('licence = "', 'licence = "very ', 1))
    after = key()
    written(tmp_path, CLASSES, texts(81))
    assert len({before, after, key()}) == 3
    assert source_hash("task", str(path)) == source_hash("task", str(path))


def test_it_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, CLASSES, texts())
    monkeypatch.chdir(tmp_path)
    name = anchored("mine.toml")
    monkeypatch.chdir(tmp_path.parent)
    assert isinstance(load_task(name), Task)


def test_show_suite_and_run_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "LocalExecutor", lambda workers: InlineExecutor())
    monkeypatch.chdir(tmp_path)
    written(tmp_path, CLASSES + '[findings]\n"bag of words" = "numbers tell"\n', texts(200))
    shown = strict(well("show", "mine.toml", "--json").stdout)
    assert shown["kind"] == "task" and shown["card"]["name"] == "nlp/mine"
    assert shown["card"]["findings"] == [["bag of words", "numbers tell"]]
    suite = suite_of(tmp_path, task='"mine.toml"')
    assert "suite" in well("show", suite).stdout
    done = strict(well("run", suite, "--out", tmp_path / "out", "--device", "cpu", "--json").stdout)
    assert {row["task"] for row in done["rows"] if row["task"]} == {"mine.toml"}


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    for verb in (("show",), ("check", "task")):
        done = w2s(*verb, tmp_path / "none.toml")
        assert done.exit_code == 2 and "cannot be read" in done.stderr and done.stderr.count("\n") == 1
