"""Tasks: every one keeps the contract on the rows of its source, and bad rows are told in one line."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import chess
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s_bench.data.splits import make_split
from w2s_bench.errors import BadData, UserError
from w2s_bench.registry.items import items
from w2s_bench.sources import GeneratedSource
from w2s_bench.suite import Data
from w2s_bench.task import Example, Task, TaskCard, fingerprint, load_task, preference
from w2s_bench.tasks.chess._position import best_move
from w2s_bench.tasks.reward._hh import shared_prompt

BUILT_IN = sorted(name for name, item in items("task").items() if item.module.startswith("w2s_bench."))
FROM_HUB = [
    name for name in BUILT_IN if not name.endswith("-generated") and name != "chess/tactics-easy-to-hard"
]


def complaint(task: Task, row: dict[str, Any]) -> str:
    with pytest.raises(BadData) as caught:
        task.build(row)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def sides(task: Task) -> list[str]:
    """The splits that a task's data has."""
    return [split for split in ("train", "test") if task.source.has(split)]


def in_mirror(task: Task, split: str, mirror: Path) -> list[Any]:
    """Rows of the mirror with real rows; the test is skipped where it lacks the data set."""
    try:
        return task.rows(split, mirror)
    except BadData as error:
        if "is not in the" not in error.what and "not found. Available" not in error.what:
            raise
        pytest.skip(str(error))


# The contract


def check(task: Task, example: Example) -> None:
    """What every example must be."""
    assert 0 <= example.gold < len(example.options) == len(set(example.options)) >= 2
    assert example.group and isinstance(example.group, str)
    assert (example.position is not None) == (task.card.domain == "chess")
    if task.card.domain == "nlp":
        assert example.prompt == example.prompt.strip() != ""
        assert example.options == task.card.classes or not task.card.classes
    if task.card.domain == "reward":
        assert len(example.options) == 2
    if example.position is not None:
        fen, _, last = example.position.rpartition(" ")
        board = chess.Board(fen)
        san = task.card.name == "chess/lichess-transcript"
        legal = [board.san(move) if san else move.uci() for move in board.legal_moves]
        assert sorted(legal) == list(example.options)
        assert san or example.prompt.startswith(fen)
        mover = board.piece_at(chess.Move.from_uci(last).to_square)
        assert mover is not None and mover.color != board.turn


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_task_keeps_the_contract(name: str, hub: Path) -> None:
    task = load_task(name)
    assert task.card.name == name and task.card.domain == name.partition("/")[0]
    assert sides(task)[0] == ("test" if task.card.test_only else "train")
    for split in sides(task):
        for row in islice(task.rows(split, hub), 100):
            example = task.build(row)
            check(task, example)
            assert task.group(row) == example.group
            assert task.build(row) == example


@pytest.mark.parametrize("name", BUILT_IN)
def test_gold_is_no_constant(name: str, hub: Path) -> None:
    task = load_task(name)
    gold = [task.build(row).gold for row in task.rows(sides(task)[0], hub)[:100]]
    assert max(gold.count(option) for option in set(gold)) <= 70


@pytest.mark.parametrize("name", FROM_HUB)
def test_real_rows_keep_the_contract(name: str, shared_hub: Path) -> None:
    task = load_task(name)
    for split in sides(task):
        for row in in_mirror(task, split, shared_hub)[:50]:
            example = task.build(row)
            check(task, example)
            assert task.group(row) == example.group


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_fingerprint_is_stable_and_a_task_says_all_of_its_card(name: str, hub: Path) -> None:
    task = load_task(name)
    assert fingerprint(name, task, hub) == fingerprint(name, task, hub)
    card = task.describe()
    assert all(card[key] for key in ("title", "source", "licence", "citation", "language", "group", "size"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_companions_are_tasks_that_a_model_of_this_one_can_answer(name: str) -> None:
    card = load_task(name).card
    assert not (card.test_only and card.companions) and name not in card.companions
    for other in map(load_task, card.companions):
        assert other.card.domain == card.domain and other.card.classes == card.classes
        assert other.source.has("test") or other.source.has("train")


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_task_for_tests_only_has_nothing_to_train_on(name: str) -> None:
    task = load_task(name)
    assert task.source.has("train") != task.card.test_only
    assert task.source.has("test") or not task.card.test_only


def test_a_fingerprint_changes_with_the_rows(hub: Path) -> None:
    task = load_task("chess/lichess")
    before = fingerprint("chess/lichess", task, hub)
    (hub / "Lichess/chess-puzzles/more.txt").write_text("x", "utf8")
    assert fingerprint("chess/lichess", task, hub) != before


def test_what_is_no_task_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("NUMBER = 3\n", "utf8")
    with pytest.raises(UserError, match=r"mine.py:NUMBER: not a task: int; expected an object of .*Task"):
        load_task(f"{file}:NUMBER")


# A task of a few rows


def toy(rows: list[dict[str, Any]], example, **changes: Any) -> Task:
    card = {
        "name": "nlp/toy", "domain": "nlp", "version": 1, "title": "t", "source": "s", "licence": "MIT",
        "citation": "c", "language": "en", "group": "g", "size": "1", "classes": ("no", "yes"),
    }  # fmt: skip
    return Task(
        card=TaskCard(**(card | changes)),
        source=GeneratedSource(generate=lambda size, seed: iter(rows), size=len(rows)),
        example=example,
        group=lambda row: row["text"],
    )


def say(row: dict[str, Any]) -> Example:
    return Example(prompt=row["text"], options=("no", "yes"), gold=row["label"], group=row["text"])


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"text": " \n ", "label": 0}, "empty prompt"),
        ({"text": "a", "label": 2}, "gold option 2 is not among 2 options"),
        ({"text": "a", "label": -1}, "gold option -1 is not among 2 options"),  # what hidden labels look like
        ({"text": "a", "label": None}, "row cannot be used"),
        ({"text": None, "label": 0}, "row cannot be used"),
        ({"label": 0}, "row cannot be used: 'text'"),
    ],
)
def test_a_bad_row_is_shown(row: dict[str, Any], what: str) -> None:
    said = complaint(toy([], say), row)
    assert what in said and "task nlp/toy, row {" in said
    assert said.endswith("Correct or remove that row in the data set")


@pytest.mark.parametrize(
    ("example", "what"),
    [
        (Example(prompt="p", options=("yes",), gold=0, group="g"), "1 option(s), at least two are needed"),
        (Example(prompt="p", options=("yes", "yes"), gold=0, group="g"), "two options are equal"),
        (Example(prompt="p", options=("yes", "no"), gold=0, group="g"), "are not the classes ('no', 'yes')"),
    ],
)
def test_an_example_that_breaks_the_contract_is_refused(example: Example, what: str) -> None:
    assert what in complaint(toy([], lambda row: example), {})


def test_a_long_row_is_cut_in_the_message() -> None:
    said = complaint(toy([], say), {"text": "x" * 10_000, "label": 9})
    assert len(said) < 400 and "..." in said


def test_rows_may_be_filtered_by_design_but_not_all() -> None:
    rows = [{"text": "a", "label": 0}, {"text": "b", "label": 1}]
    task = toy(rows, say)
    some = Task(card=task.card, source=task.source, example=say, group=task.group,
                keep=lambda row: row["label"] == 1)  # fmt: skip
    none = Task(card=task.card, source=task.source, example=say, group=task.group, keep=lambda row: False)
    assert some.rows("train", None) == rows[1:]
    with pytest.raises(BadData, match=r"task nlp/toy \(train\): no row of the data set is kept"):
        none.rows("train", None)


def test_a_task_of_one_class_is_refused() -> None:
    rows = [{"text": f"a{i}", "label": 1} for i in range(40)]
    with pytest.raises(
        BadData, match="part 'teacher' has only the class 'yes'; expected at least two classes"
    ):
        make_split(toy(rows, say), Data(teacher=10, transfer=10, validation=0, test=10), 0, None)


def test_too_few_rows_are_told_with_the_part_that_lacks_them() -> None:
    rows = [{"text": f"a{i}", "label": i % 2} for i in range(40)]
    for data, part in (
        (Data(teacher=10, transfer=15, validation=0, test=16), "part 'transfer' got 14 of 15"),
        (Data(teacher=1, transfer=1, validation=0, test=41), "part 'test' got 40 of 41"),
        (Data(teacher=10, transfer=10, validation=5, test=10, hops=1), "part 'hop-1' got 5 of 10"),
    ):
        with pytest.raises(BadData, match="too few rows") as caught:
            make_split(toy(rows, say), data, 0, None)
        assert part in str(caught.value) and "[data]" in str(caught.value)


def test_an_item_is_an_example_without_its_answer() -> None:
    one = Example(prompt="p", options=("a", "b"), gold=0, group="g", position="x", tags={"k": 1.0})
    item = one.item
    assert (item.prompt, item.options, item.position, item.tags) == ("p", ("a", "b"), "x", {"k": 1.0})
    assert not hasattr(item, "gold") and not hasattr(item, "group")
    other_answer = Example(prompt="p", options=("b", "a"), gold=0, group="h", position="x")
    assert other_answer.item.id == item.id  # equal content collides, whatever the answer and the order
    for change in ({"prompt": "q"}, {"options": ("a", "c")}, {"position": "y"}):
        values = {"prompt": "p", "options": ("a", "b"), "position": "x"} | change
        assert Example(**values, gold=0, group="g").item.id != item.id


# SST-2


def test_sst2_strips_the_phrase_and_reads_the_label() -> None:
    task = load_task("nlp/sst2")
    example = task.build({"sentence": "a gripping film ", "label": 1})
    assert (example.prompt, example.options, example.gold) == (
        "a gripping film", ("negative", "positive"), 1,
    )  # fmt: skip
    assert "row cannot be used" in complaint(task, {"sentence": None, "label": 1})
    assert "gold option -1" in complaint(task, {"sentence": "hidden", "label": -1})
    assert "empty prompt" in complaint(task, {"sentence": "  ", "label": 1})


# Chess

START = chess.STARTING_FEN
AFTER_E4 = "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"
PUZZLE = {"GameId": "g", "FEN": START, "Moves": "e2e4 d7d5 e4d5", "Rating": 1500}


def test_lichess_plays_the_opponents_move_and_asks_for_the_answer() -> None:
    example = load_task("chess/lichess").build(PUZZLE)
    assert example.position == f"{AFTER_E4} e2e4"
    assert example.prompt == f"{AFTER_E4} best move:"
    assert example.options[example.gold] == "d7d5" and len(example.options) == 20
    assert (example.group, example.tags) == ("g", {"rating": 1500.0})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"Moves": "e2e5 d7d5"}, f"move 'e2e5' is not legal in '{START}'"),
        ({"Moves": "e2e4 e2e4"}, f"move 'e2e4' is not legal in '{AFTER_E4}'"),
        ({"Moves": "e2e4 0000"}, f"move '0000' is not legal in '{AFTER_E4}'"),
        ({"Moves": "0000 e7e5"}, f"move '0000' is not legal in '{START}'"),
        ({"Moves": "e2e4 castles"}, "move 'castles' is not legal"),
        ({"Moves": "e2e4"}, "line 'e2e4' has no answer to the opponent's move"),
        ({"Moves": None}, "row cannot be used"),
        ({"FEN": "8/8/8/8/8/8/8/8 w - - 0 1"}, "is not valid"),
        ({"FEN": "nonsense"}, "row cannot be used"),
        ({"Rating": None}, "row cannot be used"),
    ],
)
def test_a_chess_row_that_is_illegal_is_shown(change: dict[str, Any], what: str) -> None:
    said = complaint(load_task("chess/lichess"), PUZZLE | change)
    assert what in said and "task chess/lichess, row {" in said


def test_a_forced_move_is_no_choice() -> None:
    with pytest.raises(BadData, match=r"1 option\(s\), at least two are needed"):
        load_task("chess/lichess").build(
            {"GameId": "g", "FEN": "6rk/8/8/8/8/8/8/K7 b - - 0 1", "Moves": "g8b8 a1a2", "Rating": 1}
        )


def test_castling_and_promotion_are_options_in_uci() -> None:
    castles = best_move("4k3/8/8/8/8/8/8/4K2R b K - 0 1", "e8e7", "e1g1", group="g")
    assert castles.options[castles.gold] == "e1g1"
    promotes = best_move("8/4P2k/8/8/8/8/8/4K3 b - - 0 1", "h7h6", "e7e8n", group="g", kind="under")
    assert promotes.options[promotes.gold] == "e7e8n" and promotes.tags == {"kind": "under"}
    assert {"e7e8q", "e7e8r", "e7e8b"} < set(promotes.options)


# Preference pairs

texts = st.text("ab\n ", min_size=1, max_size=6)


@given(texts, texts, texts)
def test_the_side_of_a_pair_never_depends_on_the_label(prompt: str, one: str, two: str) -> None:
    forth, back = preference(prompt, one, two, group="g"), preference(prompt, two, one, group="g")
    assert forth.options == back.options and set(forth.options) == {one, two}
    assert forth.options[forth.gold] == one and back.options[back.gold] == two
    assert forth.item == back.item


def test_both_sides_come_first_about_equally_often() -> None:
    first = [preference("p", f"good {i}", f"bad {i}", group="g").gold for i in range(400)]
    assert 160 <= sum(first) <= 240


HUMAN, ASSISTANT = "\n\nHuman:", "\n\nAssistant:"


def test_hh_splits_at_the_last_shared_assistant_turn() -> None:
    shared = f"{HUMAN} hi{ASSISTANT} hello{HUMAN} more?{ASSISTANT}"
    example = load_task("reward/hh-harmless").build(
        {"chosen": f"{shared} gladly ", "rejected": f"{shared} gladly not"}
    )
    assert example.prompt == example.group == shared
    assert example.options[example.gold] == "gladly" and set(example.options) == {"gladly", "gladly not"}


def test_hh_dialogues_that_part_earlier_keep_the_turns_they_share() -> None:
    shared = f"{HUMAN} hi{ASSISTANT}"
    chosen = f"{shared} hello{HUMAN} more?{ASSISTANT} yes"
    rejected = f"{shared} hello!{HUMAN} more?{ASSISTANT} no"
    assert shared_prompt(chosen, rejected) == shared_prompt(rejected, chosen) == shared
    example = load_task("reward/hh-harmless").build({"chosen": chosen, "rejected": rejected})
    assert example.options[example.gold] == f"hello{HUMAN} more?{ASSISTANT} yes"


def test_hh_takes_an_empty_reply() -> None:
    shared = f"{HUMAN} hi{ASSISTANT}"
    example = load_task("reward/hh-harmless").build({"chosen": shared, "rejected": f"{shared} no"})
    assert example.options[example.gold] == ""


@pytest.mark.parametrize(
    ("chosen", "rejected", "what"),
    [
        (
            f"{HUMAN} hi{ASSISTANT} same",
            f"{HUMAN} hi{ASSISTANT} same ",
            "the two sides of the pair are equal",
        ),
        (f"{HUMAN} hi{ASSISTANT} a", f"{HUMAN} ho{ASSISTANT} b", "the two dialogues share no assistant turn"),
        ("", "", "the two dialogues share no assistant turn"),
        (None, f"{HUMAN} hi{ASSISTANT} a", "row cannot be used"),
    ],
)
def test_a_pair_that_cannot_be_used_is_shown(chosen: str, rejected: str, what: str) -> None:
    assert what in complaint(load_task("reward/hh-harmless"), {"chosen": chosen, "rejected": rejected})
