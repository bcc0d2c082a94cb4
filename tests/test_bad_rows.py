"""Rows that cannot be used: each kind is counted by its reason in every domain, none reaches a part, and
above 5% the task stops with one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s_bench import bad_rows as words
from w2s_bench.bad_rows import LONGEST, MOST, BadRow, BrokenRow, Census, Excluded, Reason, reason_of
from w2s_bench.data.splits import draw_split, load_excluded, save_split
from w2s_bench.errors import BadData
from w2s_bench.reserve import lichess_test, reserved
from w2s_bench.sources import Expanded, Held, Row
from w2s_bench.store.local import Store
from w2s_bench.suite import Data
from w2s_bench.task import Task, TaskCard, load_task, preference

SIZES = Data(teacher=60, transfer=60, validation=0, test=40)  # every row of the sources below is needed
GOOD = 160


class Given:
    """A source of given rows."""

    def __init__(self, rows: Sequence[Row], test: Sequence[Row] | None = None) -> None:
        self.splits = {"train": rows} | ({} if test is None else {"test": test})

    def has(self, split: str) -> bool:
        return split in self.splits

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        return self.splits[split]

    def fingerprint(self, mirror: Path | None) -> str:
        return "given"


def phrases(count: int = GOOD) -> list[dict[str, Any]]:
    return [{"sentence": f"phrase {n}", "label": n % 2} for n in range(count)]


def games(count: int = GOOD) -> list[dict[str, Any]]:
    """A mate in one, a different position for each row by its move number, on both sides of the test cut."""
    names = [n for n in (f"g{k}" for k in range(4000)) if reserved(n)]
    sides = [[n for n in names if lichess_test(n) == side] for side in (True, False)]
    chosen = sides[0][: SIZES.test] + sides[1][: count - SIZES.test]
    return [
        {
            "GameId": name,
            "FEN": f"6k1/5ppp/8/8/8/8/{'6PP/R5K1' if n % 2 else '5PPP/R5K1'} b - - 0 {n + 1}",
            "Moves": "h7h6 a1a8",
            "Rating": 1500,
        }
        for n, name in enumerate(chosen)
    ]


def pairs(count: int = GOOD) -> list[dict[str, Any]]:
    start = "\n\nHuman: Open door {}.\n\nAssistant:"
    return [
        {"chosen": start.format(n) + f" Ask for key {n}.", "rejected": start.format(n) + f" Kick door {n}."}
        for n in range(count)
    ]


SOURCES = {"nlp/sst2": phrases, "chess/lichess": games, "reward/hh-harmless": pairs}
LONG_TEXT = "word " * (LONGEST // 4)
DOOR = "\n\nHuman: Open it.\n\nAssistant:"
HOSTILE: list[tuple[str, dict[str, Any], str]] = [
    ("nlp/sst2", {"sentence": ""}, words.EMPTY),
    ("nlp/sst2", {"sentence": " \n\t"}, words.EMPTY),
    ("nlp/sst2", {"sentence": LONG_TEXT}, words.LONG),
    ("nlp/sst2", {"sentence": "x" * 2**20}, words.LONG),
    ("nlp/sst2", {"sentence": "half of \ud83d a face"}, words.UNICODE),
    ("nlp/sst2", {"sentence": "nothing\0here"}, words.UNICODE),
    ("nlp/sst2", {"sentence": None}, words.NULL),
    ("nlp/sst2", {"sentence": float("nan")}, words.NAN),
    ("nlp/sst2", {"sentence": 7}, words.TYPE),
    ("nlp/sst2", {"sentence": ...}, "missing key 'sentence'"),
    ("nlp/sst2", {"label": ...}, "missing key 'label'"),
    ("nlp/sst2", {"label": -1}, words.LABEL),
    ("nlp/sst2", {"label": 2}, words.LABEL),
    ("nlp/sst2", {"label": 0.5}, words.LABEL),
    ("nlp/sst2", {"label": None}, words.LABEL),
    ("nlp/sst2", {"label": float("nan")}, words.NAN),
    ("chess/lichess", {"FEN": "no position"}, "expected … or … for turn part of fen: …"),
    ("chess/lichess", {"FEN": "8/8/8/8/8/8/8/8 w - - 0 1"}, "position … is not valid (<Status.NO_WHITE_KING"),
    ("chess/lichess", {"FEN": ""}, "empty fen"),
    ("chess/lichess", {"FEN": None}, "position None is not valid"),
    ("chess/lichess", {"FEN": ...}, "missing key 'FEN'"),
    ("chess/lichess", {"FEN": "6k1/5ppp\0"}, "expected … rows in position part of fen: …"),
    ("chess/lichess", {"Moves": "h7h6 a1a1"}, "move … is not legal in …"),
    ("chess/lichess", {"Moves": "h7h6"}, "line … has no answer to the opponent's move"),
    ("chess/lichess", {"Moves": ""}, "line … has no answer to the opponent's move"),
    ("chess/lichess", {"Moves": "h7h6 \ud800"}, "move … is not legal in …"),
    ("chess/lichess", {"Moves": "h7h6 " * LONGEST}, words.LONG),
    ("chess/lichess", {"Rating": float("nan")}, words.NAN),
    ("chess/lichess", {"Rating": None}, words.NULL),
    ("chess/lichess", {"Rating": ...}, "missing key 'Rating'"),
    ("chess/lichess", {"GameId": None}, "the row names no game"),
    ("reward/hh-harmless", {"rejected": DOOR + " Yes.", "chosen": DOOR + " Yes."}, words.EQUAL),
    ("reward/hh-harmless", {"rejected": DOOR + " Yes. ", "chosen": DOOR + " Yes."}, words.EQUAL),
    ("reward/hh-harmless", {"rejected": DOOR, "chosen": DOOR}, words.EQUAL),
    ("reward/hh-harmless", {"chosen": DOOR + LONG_TEXT, "rejected": DOOR + " No."}, words.LONG),
    ("reward/hh-harmless", {"chosen": DOOR + " \udfff", "rejected": DOOR + " No."}, words.UNICODE),
    ("reward/hh-harmless", {"chosen": DOOR + " a\0b", "rejected": DOOR + " No."}, words.UNICODE),
    ("reward/hh-harmless", {"chosen": ""}, "the two dialogues share no assistant turn"),
    ("reward/hh-harmless", {"chosen": ...}, "missing key 'chosen'"),
    ("reward/hh-harmless", {"rejected": None}, words.NULL),
    ("reward/hh-harmless", {"rejected": float("nan")}, words.NAN),
]


def spoiled(row: Row, change: dict[str, Any]) -> dict[str, Any]:
    """A row with some values changed; an ellipsis takes the key away."""
    return {k: v for k, v in {**row, **change}.items() if v is not ...}


def task_of(name: str, rows: Sequence[Row]) -> Task:
    task = load_task(name)
    source = Given(rows)
    held = isinstance(task.source, Held)
    return replace(task, source=replace(task.source, source=source) if held else source)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("name", "change", "reason"), HOSTILE, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(HOSTILE)]
)
def test_a_hostile_row_is_counted_by_its_reason_and_reaches_no_part(
    name: str, change: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    good = SOURCES[name]()
    clean = draw_split(task_of(name, good), SIZES, 0, None)
    rows = [spoiled(good[0], change), *good]
    drawn = draw_split(task_of(name, rows), SIZES, 0, None)
    found = [r for e in drawn.excluded.values() for r in e.reasons]
    assert [(r.reason[: len(reason)], r.rows) for r in found] == [(reason, 1)]
    assert found[0].first == 0 and len(found[0].example) < 500
    ids = {name: {i.id for i in part.items} for name, part in clean.split.items()}
    if "Rating" not in change:  # the side of a game is that of its name
        assert {name: {i.id for i in part.items} for name, part in drawn.split.items()} == ids
    save_split(Store(tmp_path), "key", drawn.split, drawn.excluded)
    assert load_excluded(Store(tmp_path), "key") == drawn.excluded


@pytest.mark.parametrize(
    ("name", "change", "reason"), HOSTILE, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(HOSTILE)]
)
def test_more_than_five_percent_stop_the_task(name: str, change: dict[str, Any], reason: str) -> None:
    good = SOURCES[name]()
    bad = [spoiled(row, change) for row in good[::8]]
    with pytest.raises(BadData) as caught:
        draw_split(task_of(name, [*bad, *good]), SIZES, 0, None)
    said = str(caught.value)
    assert said.startswith(f"task {name} (") and "at most 5% of such rows" in said and "\n" not in said
    assert f"{reason} " in said or reason in said
    assert "for example row " in said and len(said) < 1200
    said.encode("utf8")


def test_five_percent_themselves_do_not() -> None:
    rows = phrases(190) + [{"sentence": "", "label": 0}] * 10
    task = task_of("nlp/sst2", rows)
    everything = SIZES.model_copy(update={"test": 70})
    drawn = draw_split(task, everything, 0, None)
    assert drawn.excluded["train"].share == pytest.approx(MOST)
    with pytest.raises(BadData, match=r"5\.5% of the rows looked at .*empty text 11"):
        draw_split(task_of("nlp/sst2", [*rows, rows[-1]]), everything, 0, None)


def test_rows_are_looked_at_as_far_as_the_parts_need_them() -> None:
    rows = phrases(2000)
    drawn = draw_split(task_of("nlp/sst2", rows), SIZES, 0, None)
    assert (drawn.excluded["train"].read, drawn.excluded["train"].built) == (2000, GOOD)
    assert drawn.excluded["train"].reasons == [] and drawn.excluded["train"].share == 0


def test_a_test_split_of_its_own_is_judged_by_itself() -> None:
    """Hidden labels of a test split are few beside a large training split, and yet all there is."""
    task = load_task("nlp/sst2")
    hidden = [{"sentence": f"test {n}", "label": -1} for n in range(40)]
    with pytest.raises(BadData, match=r"task nlp/sst2 \(test\): 100.0% .*label outside the range 40"):
        draw_split(replace(task, source=Given(phrases(5000), hidden)), SIZES, 0, None)


def test_too_few_rows_say_that_some_were_left_out() -> None:
    rows = [*phrases(GOOD - 1), {"sentence": "", "label": 0}]
    with pytest.raises(BadData, match=r"got 59 of 60 \(1 rows that cannot be used are left out\)"):
        draw_split(task_of("nlp/sst2", rows), SIZES, 0, None)


def halves(row: Row) -> list[Row]:
    return [{"sentence": f"{row['text']} {k}", "label": k} for k in range(row["n"])]


def test_rows_over_which_a_wrapped_source_stumbles_are_counted() -> None:
    rows: list[Row] = [{"text": f"t{n}", "n": 2} for n in range(90)]
    source = Expanded(source=Given([{"text": "none"}, *rows, {"text": "x", "n": None}]), expand=halves)
    drawn = draw_split(replace(load_task("nlp/sst2"), source=source), SIZES, 0, None)
    counted = {r.reason: (r.rows, r.stage, r.first) for r in drawn.excluded["train"].reasons}
    assert counted == {"missing key 'n'": (1, "read", 0), words.NULL: (1, "read", 181)}
    held = Held(source=source, test=lambda row: row["sentence"] < "t5")
    assert sum(isinstance(r, BrokenRow) for r in held.rows("train", None)) == 2
    assert not any(isinstance(r, BrokenRow) for r in held.rows("test", None))
    twice = Expanded(source=held, expand=lambda r: [r, r]).rows("train", None)
    assert isinstance(twice[0], BrokenRow) and twice[0] == {"text": "none"}


def test_a_filter_and_a_group_that_fail_are_counted_even_where_the_example_could_be_built() -> None:
    rows: list[Row] = [*({"a": f"a{n}", "b": f"b{n}", "n": n} for n in range(GOOD)), {"a": "a", "b": "b"}]
    card = TaskCard(
        name="reward/toy", domain="reward", version=1, title="t", source="s", licence="l", citation="c",
        language="en", group="g", size="1",
    )  # fmt: skip
    for more in ({"keep": lambda row: row["n"] >= 0}, {"group": lambda row: str(row["n"])}):
        task = Task(
            card=card, source=Given(rows),
            example=lambda row: preference("p", row["a"], row["b"], group=row["a"]),
            **({"group": lambda row: row["a"]} | more),
        )  # fmt: skip
        found = draw_split(task, SIZES, 0, None).excluded["train"].reasons
        assert [(r.reason, r.rows, r.first) for r in found] == [("missing key 'n'", 1, GOOD)]


def test_what_a_filter_leaves_out_by_design_is_no_bad_row() -> None:
    rows = [*games(), *(row | {"Rating": 20_000} for row in games())]
    found = draw_split(task_of("chess/lichess", rows), SIZES, 0, None).excluded
    assert sum(e.bad for e in found.values()) == 0 and found["train"].read > found["train"].built


# Counting


@given(st.lists(st.tuples(st.sampled_from(["read", "built"]), st.integers(0, 30)), max_size=200))
def test_every_row_is_counted_once_under_a_bounded_number_of_reasons(found: list[tuple[Any, int]]) -> None:
    census = Census("task t (train)")
    census.read = census.built = 1000
    for number, (stage, kind) in enumerate(found):
        census.count(stage, number, {"n": number}, BadRow(f"kind {kind}", "what"))
    reasons = census.excluded.reasons
    assert census.excluded.bad == len(found) and len(reasons) <= words.KINDS + 2
    assert [r.rows for r in reasons] == sorted((r.rows for r in reasons), reverse=True)


@given(st.text(), st.text())
def test_what_is_told_can_be_written_anywhere(text: str, what: str) -> None:
    census = Census("w")
    census.read = 1
    census.count("read", 0, {"text": text + "\ud800\0"}, ValueError(what + "\udfff\0\n"))
    (reason,) = census.excluded.reasons
    for said in (reason.reason, reason.example):
        said.encode("utf8")
        assert "\n" not in said and "\0" not in said and len(said) < 700


@pytest.mark.parametrize(
    ("error", "row", "reason"),
    [
        (ValueError("move 'a1b1' is not legal in \"x'y\""), {}, "move … is not legal in …"),
        (ValueError("gold 12 of 3.5 items"), {}, "gold … of … items"),
        (ValueError(""), {}, "ValueError"),
        (KeyError("x"), {}, "missing key 'x'"),
        (IndexError("list index out of range"), {}, "list index out of range"),
        (TypeError("no"), {"a": None}, words.NULL),
        (AttributeError("no"), {"a": float("nan")}, words.NAN),
        (ValueError("cannot convert float NaN to integer"), {"a": float("nan")}, words.NAN),
        (ValueError("something else"), {"a": float("nan")}, "something else"),
        (OverflowError("too large"), {}, "too large"),
        (TypeError("no"), "a row that is a text", words.TYPE),
    ],
)  # fmt: skip
def test_a_reason_holds_nothing_of_its_row(error: Exception, row: Any, reason: str) -> None:
    assert reason_of(error, row) == reason


def test_the_share_is_of_the_rows_read_and_of_the_rest_as_of_those_built() -> None:
    def of(read: int, built: int) -> Excluded:
        reasons = [
            Reason(reason="r", stage="read", rows=read, first=0, example="e"),
            Reason(reason="b", stage="built", rows=built, first=0, example="e"),
        ]
        return Excluded(read=1000, built=100, reasons=reasons)

    assert of(0, 0).share == 0 and of(50, 0).share == pytest.approx(0.05)
    assert of(0, 5).share == pytest.approx(0.05) and of(100, 10).share == pytest.approx(0.19)
    assert Excluded().share == 0 and str(of(2, 3)).startswith(
        "5 of the rows looked at (1,000 read, 100 built)"
    )
