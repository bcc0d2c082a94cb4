"""NLP tasks one by one: what they make of a row, which rows they refuse, which ones they leave out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.hub_nlp_questions import ANSWERS

from w2s_bench.errors import BadData
from w2s_bench.registry.items import items
from w2s_bench.sources import hash_code
from w2s_bench.task import load_task
from w2s_bench.tasks import _questions
from w2s_bench.tasks._questions import Questions
from w2s_bench.tasks.nlp._text import first_words, normalised, same_words
from w2s_bench.tasks.nlp.hh_single_text import one_of_two

CHOICES = {"text": ["a", "b"], "label": ["A", "B"]}
FOUR = {"context": "C. ", "question": "Q? "} | {f"answer{k}": f" a{k} " for k in range(4)}
SCIQ = {"question": "Q?", "support": "S.", "correct_answer": "r"} | {
    f"distractor{k}": f"w{k}" for k in (1, 2, 3)
}


@pytest.mark.parametrize(
    ("name", "row", "prompt", "answer"),
    [
        ("ethics-virtue", {"label": 1, "scenario": "I wait. [SEP] calm"}, "I wait.\nTrait: calm", "shown"),
        ("paws", {"sentence1": "A b. ", "sentence2": "B a.", "label": 1}, "A b.\nB a.", "same"),
        (
            "wic",
            {"word": "bank", "sentence1": "A bank.", "sentence2": "They bank.", "label": 0},
            "A bank.\nThey bank.\nWord: bank",
            "different",
        ),
        (
            "mc-taco",
            {"sentence": "S. ", "question": "How long?", "answer": "a day", "label": 1},
            "S.\nQuestion: How long?\nAnswer: a day",
            "right",
        ),
        ("anli-r2", {"premise": "P. ", "hypothesis": "H.", "label": 0}, "P.\nStatement: H.", "entailed"),
        ("anli-r3", {"premise": "P.", "hypothesis": "H.", "label": 2}, "P.\nStatement: H.", "not entailed"),
        ("imdb", {"text": "Bad.<br /><br />Awful.", "label": 0}, "Bad.  Awful.", "negative"),
        ("amazon-polarity", {"title": "Ok", "content": " Works.", "label": 1}, "Ok\nWorks.", "positive"),
        ("twitter-sentiment", {"text": "@user great ", "label": 2}, "@user great", "positive"),
        ("ag-news", {"text": "A cup final. ", "label": 1}, "A cup final.", "sports"),
        ("dbpedia-14", {"title": "Elm", "content": " A tree.", "label": 10}, "Elm\nA tree.", "plant"),
        ("banking77", {"text": "My refund?", "label": 51}, "My refund?", "refund not showing up"),
        ("banking77", {"text": "Rate?", "label": 76}, "Rate?", "wrong exchange rate for cash withdrawal"),
        ("ethics-justice-hard", {"label": 1, "scenario": "I rest. "}, "I rest.", "reasonable"),
    ],
)  # fmt: skip
def test_a_row_becomes_a_prompt_and_an_answer(
    name: str, row: dict[str, Any], prompt: str, answer: str
) -> None:
    example = load_task(f"nlp/{name}").build(row)
    assert example.prompt == prompt and example.options[example.gold] == answer


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("ethics-virtue", {"label": 1, "scenario": "no trait"}),
        ("ethics-virtue", {"label": 1, "scenario": None}),
        ("paws", {"sentence1": "A.", "sentence2": " ", "label": 1}),
        ("wic", {"word": "w", "sentence1": "A.", "sentence2": "B.", "label": -1}),
        ("mc-taco", {"sentence": "S.", "question": "Q?", "answer": " ", "label": 1}),
        ("anli-r2", {"premise": "P.", "hypothesis": "H.", "label": -1}),
        ("anli-r2", {"premise": "P.", "hypothesis": None, "label": 0}),
        ("imdb", {"text": "unlabelled", "label": -1}),
        ("imdb", {"text": " ", "label": 1}),
        ("twitter-sentiment", {"text": "so so", "label": 1}),
        ("ag-news", {"text": None, "label": 1}),
        ("dbpedia-14", {"title": "x", "content": "y", "label": 14}),
        ("banking77", {"text": "x", "label": 77}),
        ("hh-single-text", {"text": "no turn", "label": 0}),
    ],
)
def test_a_row_that_cannot_be_used_is_shown(name: str, row: dict[str, Any]) -> None:
    with pytest.raises(BadData, match=f"task nlp/{name}, row .*row cannot be used"):
        load_task(f"nlp/{name}").build(row)


@pytest.mark.parametrize(
    ("questions", "row", "read"),
    [
        (_questions.SCIQ, SCIQ, ("Q?", "r", ["w1", "w2", "w3"], "S.")),
        (_questions.SCIQ, SCIQ | {"support": " "}, ("Q?", "r", ["w1", "w2", "w3"], "Q?")),
        (
            _questions.ARC_EASY,
            {"question": "Q?", "choices": {"text": ["a", "b"], "label": ["1", "2"]}, "answerKey": "2"},
            ("Q?", "b", ["a"], "Q?"),
        ),
        (
            _questions.MMLU,
            {"question": "One two  THREE?", "choices": ["a", "b", "c", "d"], "answer": 2},
            ("One two  THREE?", "c", ["a", "b", "d"], "one two three?"),
        ),
        (
            _questions.HELLASWAG,
            {"ctx": "He", "endings": ["a", "b", "c", "d"], "label": "3", "source_id": "wikihow~1"},
            ("He", "d", ["a", "b", "c"], "wikihow~1"),
        ),
        (_questions.PIQA, {"goal": "G", "sol1": "a", "sol2": "b", "label": 1}, ("G", "b", ["a"], "G")),
        (_questions.COSMOS_QA, FOUR | {"label": 0}, ("C.\nQuestion: Q?", "a0", ["a1", "a2", "a3"], "C.")),
        (
            _questions.DREAM,
            {"dialogue": ["W: Hi.", "M: Yes."], "question": "Q?", "choice": ["a", "b", "c"], "answer": "b"},
            ("W: Hi.\nM: Yes.\nQuestion: Q?", "b", ["a", "c"], "W: Hi.\nM: Yes."),
        ),
        (
            _questions.QUAIL,
            {"context": "C.", "question": "Q?", "answers": ["a", "b", "c", "d"], "correct_answer_id": 3},
            ("C.\nQuestion: Q?", "d", ["a", "b", "c"], "C."),
        ),
        (
            _questions.QUARTZ,
            {"question": "Q?", "choices": CHOICES, "answerKey": "A", "para": "P."},
            ("P.\nQuestion: Q?", "a", ["b"], "P."),
        ),
    ],
)
def test_a_question_is_read(questions: Questions, row: dict[str, Any], read: tuple[Any, ...]) -> None:
    assert questions.read(row) == read


@pytest.mark.parametrize(
    ("questions", "row", "what"),
    [
        (_questions.PIQA, {"goal": "G", "sol1": "a", "sol2": "b", "label": -1}, "answer -1 is not among 2"),
        (_questions.PIQA, {"goal": "G", "sol1": "a", "sol2": " ", "label": 0}, "empty answer"),
        (_questions.COSMOS_QA, FOUR | {"label": -1}, "answer -1 is not among 4"),
        (_questions.COSMOS_QA, FOUR | {"context": " ", "label": 1}, "empty text or question"),
        (_questions.HELLASWAG, {"label": ""}, "label '' is not 0, 1, 2 or 3"),
        (
            _questions.DREAM,
            {"dialogue": ["W: Hi."], "question": "Q?", "choice": ["a", "b"], "answer": "c"},
            "answer 'c' is not among",
        ),
    ],
)
def test_a_question_that_cannot_be_read_says_why(
    questions: Questions, row: dict[str, Any], what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        questions.read(row)


def test_arc_has_four_answers(hub: Path) -> None:
    raw = _questions.ARC_EASY.hub.rows("train", hub)
    assert {len(row["choices"]["text"]) for row in raw} == {3, 4}
    read = _questions.ARC_EASY.rows().rows("train", hub)
    assert len(read) == len(raw) - 2 and all({row["right"], *row["wrong"]} == set(ANSWERS) for row in read)


def test_one_dialogue_of_a_pair_is_shown_whichever_is_chosen() -> None:
    labels: Counter[int] = Counter()
    for n in range(200):
        one, other = f"\n\nHuman: {n}?\n\nAssistant: yes", f"\n\nHuman: {n}?\n\nAssistant: no"
        (forth,), (back,) = (
            one_of_two({"chosen": one, "rejected": other}),
            one_of_two({"chosen": other, "rejected": one}),
        )
        assert forth["text"] == back["text"] and forth["label"] != back["label"]
        labels[forth["label"]] += 1
    assert 70 <= labels[0] <= 130
    with pytest.raises(ValueError, match="the two dialogues are equal"):
        next(one_of_two({"chosen": "x", "rejected": "x"}))


def test_keys_of_texts() -> None:
    assert normalised(" So GOOD,\nreally! ") == "so good really" and normalised(" :-) ") == ":-)"
    assert (
        same_words("From Rome to Oslo.") == same_words("from Oslo to Rome") != same_words("from Rome to Bonn")
    )
    assert first_words("I usually, walk home", 3) == "i usually walk"
    with pytest.raises(ValueError, match="no words"):
        first_words("...", 3)


def test_the_code_that_reads_a_hard_test_is_part_of_its_fingerprint(hub: Path) -> None:
    from w2s_bench.tasks.nlp import ethics_justice

    source = load_task("nlp/ethics-justice-hard").source
    code = Path(str(ethics_justice.__file__))
    assert source.fingerprint(hub).startswith(f"expanded:{hash_code([code])}:")


def test_the_page_of_tasks_lists_them_all() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "tasks.md").read_text("utf8")
    assert [name for name in items("task") if name.startswith("nlp/") and f"`{name}`" not in page] == []


def test_there_are_at_least_as_many_nlp_tasks_as_promised() -> None:
    found = [name for name in items("task") if name.startswith("nlp/")]
    assert len(found) >= 45
    paper = (
        "boolq", "cosmos-qa", "dream", "ethics-justice", "ethics-deontology", "ethics-virtue",
        "ethics-utilitarianism", "anli-r2", "cola", "sst2", "hellaswag", "mc-taco", "openbookqa", "paws",
        "quail", "piqa", "quartz", "sciq", "social-iqa", "multirc", "wic", "twitter-sentiment",
    )  # fmt: skip
    assert len(paper) == 22 and {f"nlp/{name}" for name in paper} <= set(found)
