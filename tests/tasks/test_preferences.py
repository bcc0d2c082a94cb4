"""Preference sets of the hub: what a row becomes, ties left out, nobody's data read, test sets only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.disjoint_parts import disjoint

from w2s_bench.contract import checks
from w2s_bench.data.splits import make_split
from w2s_bench.errors import BadData
from w2s_bench.records import content_key
from w2s_bench.sources import HubSource
from w2s_bench.suite import Data
from w2s_bench.task import Task, load_task
from w2s_bench.tasks.reward import reward_bench_2, rm_bench, summarize_from_feedback
from w2s_bench.tasks.reward._paired import Paired

TRAINING = tuple(
    f"reward/{name}"
    for name in (
        "hh-harmless", "hh-helpful", "shp", "summarize-from-feedback", "ultrafeedback", "helpsteer2",
        "pku-saferlhf",
    )
)  # fmt: skip
BENCHMARKS = ("reward/reward-bench-2", "reward/rm-bench")
SMALL = Data(teacher=16, transfer=16, validation=4, test=12)
PERSONAL = {"worker", "user", "annotator", "c_root_id_A", "c_root_id_B", "created_at_utc_A", "messages"}


def hub_of(task: Task) -> HubSource:
    source: Any = task.source
    while not isinstance(source, HubSource):
        source = source.source
    return source


@pytest.mark.parametrize("name", TRAINING)
def test_parts_share_neither_items_nor_groups(name: str, hub: Path) -> None:
    disjoint(load_task(name), SMALL, hub)


@pytest.mark.parametrize("name", [*TRAINING, *BENCHMARKS])
def test_the_shipped_checks_pass_on_these_rows(name: str, hub: Path) -> None:
    task = load_task(name)
    split = "test" if task.card.test_only else "train"
    checks.check_card(name, task.card)
    checks.check_ask(name, task)
    checks.check_examples(name, task, [task.build(row) for row in task.rows(split, hub)])


@pytest.mark.parametrize("name", [*TRAINING, *BENCHMARKS])
def test_nobodys_data_is_read(name: str) -> None:
    assert not PERSONAL & set(hub_of(load_task(name)).columns)


SPLITS = {  # content keys of the items and the gold of seed 0: any machine must draw the same
    "reward/hh-helpful": "e83f09de84c68128",
    "reward/shp": "14b23cd5b8c35531",
    "reward/summarize-from-feedback": "f901aebeedcd24ca",
    "reward/ultrafeedback": "3db232d59efe92e2",
    "reward/helpsteer2": "5ec7de886a2f245f",
    "reward/pku-saferlhf": "1bcc713b64d58a75",
}


@pytest.mark.parametrize("name", SPLITS)
def test_the_split_is_the_same_everywhere(name: str, hub: Path) -> None:
    split = make_split(load_task(name), SMALL, 0, hub)
    drawn = {part: [[i.id for i in p.items], p.gold.tolist()] for part, p in split.items()}
    assert content_key(drawn)[:16] == SPLITS[name]


@pytest.mark.parametrize("name", [*TRAINING, *BENCHMARKS])
def test_companions_answer_the_same_kind_of_question(name: str) -> None:
    card = load_task(name).card
    assert not (card.companions and card.test_only) and name not in card.companions
    assert {load_task(other).card.domain for other in card.companions} <= {"reward"}


# What a row becomes

PAIRS: list[tuple[str, dict[str, Any], str, str, str]] = [
    (
        "reward/shp",
        {"post_id": "p", "domain": "d", "history": "Why? ", "human_ref_A": "a ", "human_ref_B": "b",
         "labels": 1, "score_ratio": 3.0},
        "Why?", "a", "b",
    ),
    (
        "reward/shp",
        {"post_id": "p", "domain": "d", "history": "Why?", "human_ref_A": "a", "human_ref_B": "b",
         "labels": 0, "score_ratio": 3.0},
        "Why?", "b", "a",
    ),
    (
        "reward/summarize-from-feedback",
        {"id": "t", "post": "P.", "one": "a", "two": "b", "choice": 1},
        "P.\n\nSummary:", "b", "a",
    ),
    (
        "reward/ultrafeedback",
        {"prompt": "Why? ", "prompt_id": "i", "score_chosen": 2.0, "score_rejected": 1.0,
         "chosen": [{"role": "user", "content": "Why? "}, {"role": "assistant", "content": " a"}],
         "rejected": [{"role": "user", "content": "Why? "}, {"role": "assistant", "content": "b"}]},
        "Why?", "a", "b",
    ),
    (
        "reward/helpsteer2",
        {"key": "Why?", "one": {"response": "a", "helpfulness": 1},
         "two": {"response": "b ", "helpfulness": 3}},
        "Why?", "b", "a",
    ),
    (
        "reward/pku-saferlhf",
        {"prompt": "May I? ", "response_0": "a", "response_1": "b", "safer_response_id": 1},
        "May I?", "b", "a",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "prompt", "better", "worse"), PAIRS)
def test_a_row_becomes_a_pair(name: str, row: dict[str, Any], prompt: str, better: str, worse: str) -> None:
    task = load_task(name)
    example = task.build(row)
    assert example.prompt == prompt and task.group(row) == example.group
    assert set(example.options) == {better, worse} and example.options[example.gold] == better


HOSTILE = [
    ("reward/shp", {"labels": 2}, "label 2 is neither 0 nor 1"),
    ("reward/shp", {"human_ref_A": None}, "row cannot be used"),
    ("reward/shp", {"human_ref_A": "b", "human_ref_B": "b "}, "the two sides of the pair are equal"),
    ("reward/summarize-from-feedback", {"choice": -1}, "choice -1 is neither 0 nor 1"),
    ("reward/ultrafeedback", {"score_chosen": float("nan")}, "prefer no side"),
    ("reward/ultrafeedback", {"chosen": []}, "are not one user turn and one answer"),
    ("reward/helpsteer2", {"two": None}, "row cannot be used"),
    ("reward/helpsteer2", {"one": {"response": "a", "helpfulness": float("nan")}}, "prefer no side"),
    ("reward/pku-saferlhf", {"safer_response_id": None}, "safer_response_id None is neither 0 nor 1"),
    ("reward/pku-saferlhf", {"prompt": None}, "row cannot be used"),
]


@pytest.mark.parametrize(("name", "change", "what"), HOSTILE)
def test_a_row_that_cannot_be_used_is_shown(name: str, change: dict[str, Any], what: str) -> None:
    row = next(row for known, row, *_ in reversed(PAIRS) if known == name) | change
    with pytest.raises(BadData, match=f"task {name}, row") as caught:
        load_task(name).build(row)
    assert what in str(caught.value) and "\n" not in str(caught.value)


def test_ties_and_weak_votes_are_left_out(hub: Path) -> None:
    for name, left in (("shp", 51), ("ultrafeedback", 53), ("helpsteer2", 52)):
        assert len(load_task(f"reward/{name}").rows("train", hub)) == left


def test_a_summary_row_keeps_the_post_and_nothing_of_the_worker() -> None:
    info = {"id": "t3", "post": "Long story. ", "title": "Keys ", "subreddit": "x", "article": None}
    raw = {"info": info, "summaries": [{"text": " a", "note": "n"}, {"text": " b", "note": "n"}], "choice": 0}
    (row,) = summarize_from_feedback.read(raw)
    assert row == {"id": "t3", "post": "Keys\nLong story.", "one": "a", "two": "b", "choice": 0}
    news = {**info, "post": None, "title": None, "article": "News."}
    assert next(summarize_from_feedback.read({**raw, "info": news}))["post"] == "News."


# Scores as pairs


class Scores:
    """A source of scored answers."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.given = rows

    def has(self, split: str) -> bool:
        return True

    def rows(self, split: str, mirror: Path | None) -> list[dict[str, Any]]:
        return self.given

    def fingerprint(self, mirror: Path | None) -> str:
        return "scores"


def test_answers_of_one_prompt_are_paired_wherever_they_stand() -> None:
    rows = [{"p": p, "n": n} for n, p in enumerate("abaca")]
    pairs = Paired(source=Scores(rows), key=lambda row: row["p"]).rows("train", None)
    assert {r["key"] for r in pairs} == {"a"}
    assert [(r["one"]["n"], r["two"]["n"]) for r in pairs] == [(0, 2), (0, 4), (2, 4)]


def test_an_answer_without_a_prompt_is_a_bad_row_and_not_lost() -> None:
    rows = [{"prompt": None, "response": "r", "helpfulness": 1}]
    task = load_task("reward/helpsteer2")
    key = task.source.key  # type: ignore[attr-defined]
    (row,) = Paired(source=Scores(rows), key=key).rows("train", None)
    assert row == {"key": None, "one": rows[0], "two": None}
    with pytest.raises(TypeError):  # so that the census counts it; it is not left out by design
        task.keeps(row)
    with pytest.raises(BadData, match="row cannot be used"):
        task.build(row)


# Test sets only


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_has_a_test_set_and_nothing_to_train_on(name: str) -> None:
    task = load_task(name)
    assert task.card.test_only and task.source.has("test") and not task.source.has("train")


def test_reward_bench_pairs_the_right_completion_with_each_wrong_one(hub: Path) -> None:
    rows = load_task("reward/reward-bench-2").rows("test", hub)
    assert len(rows) == 27 * 3 and not any(row["kind"] == "Ties" for row in rows)
    raw = {"id": "1", "prompt": "p", "chosen": ["a"], "rejected": ["b", "c"], "subset": "Math"}
    assert [(r["chosen"], r["rejected"]) for r in reward_bench_2.pairs(raw)] == [("a", "b"), ("a", "c")]


def test_the_tag_of_rm_bench_does_not_tell_the_answer() -> None:
    raw = {"id": "1", "prompt": "p", "chosen": list("abc"), "rejected": list("xyz")}
    turned = {**raw, "chosen": raw["rejected"], "rejected": raw["chosen"]}
    task = load_task("reward/rm-bench")
    forth = {e.item.id: e for e in map(task.build, rm_bench.pairs(raw))}
    back = {e.item.id: e for e in map(task.build, rm_bench.pairs(turned))}
    assert len(forth) == 9 and forth.keys() == back.keys()
    for key, example in forth.items():
        assert example.item == back[key].item and example.gold != back[key].gold


def test_rm_bench_refuses_other_styles() -> None:
    with pytest.raises(ValueError, match="2 and 3 styles, three are needed"):
        list(rm_bench.pairs({"id": "1", "prompt": "p", "chosen": list("ab"), "rejected": list("xyz")}))
