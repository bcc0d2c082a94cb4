"""Text tasks on rows of the hub's shape: what they make of a row, balance, order of options, clean splits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.disjoint_parts import disjoint
from support.real_rows import needs_real_rows, unbalanced_copy

from w2s_bench.api import run_suite
from w2s_bench.contract import checks
from w2s_bench.data.grouped_rows import GroupedRows
from w2s_bench.data.splits import make_split
from w2s_bench.errors import BadData
from w2s_bench.registry.items import items
from w2s_bench.run.settings import RunSettings
from w2s_bench.sources import Expanded
from w2s_bench.suite import Data
from w2s_bench.task import load_task
from w2s_bench.tasks import _questions
from w2s_bench.tasks._questions import CODE, COMMONSENSE_QA, OPENBOOKQA, SOCIAL_IQA, Questions
from w2s_bench.tasks.nlp._balance import kept

QUESTIONS = tuple(q for q in vars(_questions).values() if isinstance(q, Questions))
SETS = tuple(questions.name for questions in QUESTIONS)
BINARY = tuple(f"nlp/{name}" for name in SETS)
CHOICES = tuple(f"nlp/{name}-choice" for name in SETS)
PAIRS = tuple(name for name in (f"reward/{name}-pairs" for name in SETS) if name in items("task"))
NLP = tuple(name for name in items("task") if name.startswith("nlp/") and not name.endswith("-generated"))
TEST_ONLY = tuple(name for name in NLP if load_task(name).card.test_only)
TASKS = tuple(name for name in (*NLP, *PAIRS) if name not in TEST_ONLY)
ONE_BY_ONE = (
    "nlp/ethics-utilitarianism",
    "nlp/ethics-utilitarianism-hard",
)  # options that are asked about singly
SMALL = Data(teacher=18, transfer=18, validation=4, test=12)


@pytest.mark.parametrize("name", TASKS)
def test_parts_share_neither_items_nor_groups(name: str, hub: Path) -> None:
    disjoint(load_task(name), SMALL, hub)


@pytest.mark.parametrize("name", TASKS)
def test_parts_of_real_rows_share_neither_items_nor_groups(name: str, shared_hub: Path) -> None:
    needs_real_rows(load_task(name), shared_hub)
    disjoint(load_task(name), Data(teacher=600, transfer=600, validation=50, test=400), shared_hub)


@pytest.mark.parametrize("name", [*TASKS, *TEST_ONLY])
def test_the_shipped_checks_pass_on_these_rows(name: str, hub: Path) -> None:
    """They read no mirror by themselves, so they skip tasks of the hub."""
    task = load_task(name)
    split = "test" if task.card.test_only else "train"
    checks.check_card(name, task.card)
    checks.check_ask(name, task)
    checks.check_examples(name, task, [task.build(row) for row in task.rows(split, hub)])


@pytest.mark.parametrize("name", [*TASKS, *TEST_ONLY])
def test_every_task_says_how_to_ask(name: str) -> None:
    task = load_task(name)
    assert task.ask is not None and task.ask.question
    assert len(task.ask.answers) == len(task.card.classes) or name in (*PAIRS, *ONE_BY_ONE)


@pytest.mark.parametrize("name", [n for n in TASKS if n not in CHOICES])
def test_rows_are_balanced(name: str, hub: Path) -> None:
    """No class is much more frequent than its share: of our own rows as upstream's are, after thinning."""
    task = load_task(name)
    gold = [task.build(row).gold for row in task.rows("train", hub)]
    assert max(Counter(gold).values()) / len(gold) <= 1 / len(set(gold)) + 0.12


@pytest.mark.parametrize("name", [n for n in TASKS if n not in CHOICES])
def test_real_rows_are_balanced(name: str, shared_hub: Path) -> None:
    task = load_task(name)
    needs_real_rows(task, shared_hub)
    if reason := unbalanced_copy(task, shared_hub):
        pytest.skip(reason)
    pool = GroupedRows(task, "train", shared_hub)
    gold = [example.gold for example in pool.fill(pool.groups("test"), len(pool), set())]
    pool.census.check()
    classes = len(task.card.classes) or 2
    assert max(Counter(gold).values()) / len(gold) <= 1 / classes + 0.06


# Questions and their answers


@pytest.mark.parametrize("name", BINARY)
def test_a_question_gives_a_right_and_a_wrong_answer(name: str, hub: Path) -> None:
    task = load_task(name)
    assert task.card.classes == ("wrong", "right")
    for split in filter(task.source.has, ("train", "test")):
        examples = [task.build(row) for row in task.rows(split, hub)]
        assert [e.gold for e in examples] == [0, 1] * (len(examples) // 2)
        for wrong, right in zip(examples[::2], examples[1::2], strict=True):
            assert wrong.group == right.group
            assert wrong.prompt.partition("\nAnswer: ")[0] == right.prompt.partition("\nAnswer: ")[0]


def relabelled(questions: Questions, row: dict[str, Any], right: int) -> dict[str, Any]:
    """The same raw row with another right answer; of SciQ, whose right answer has its own column, turned."""
    if questions is SOCIAL_IQA:
        return row | {"label": str(right + 1)}
    if questions.name == "sciq":
        columns = ["correct_answer", "distractor1", "distractor2", "distractor3"]
        answers = sorted(row[column] for column in columns)
        return row | dict(zip(columns, [answers.pop(right), *answers], strict=True))
    if questions.name == "dream":
        return row | {"answer": row["choice"][right]}
    if "answerKey" in row:
        return row | {"answerKey": row["choices"]["label"][right]}
    (column,) = {"label", "answer", "correct_answer_id"} & row.keys()
    return row | {column: type(row[column])(right)}


@pytest.mark.parametrize("questions", QUESTIONS, ids=lambda q: q.name)
def test_the_order_of_options_never_follows_the_label(questions: Questions, hub: Path) -> None:
    task = load_task(f"nlp/{questions.name}-choice")
    two = questions.name in ("piqa", "quartz")
    for raw in [row for row in questions.hub.rows("train", hub)[:6] if any(questions._row(row))]:
        rows = [next(questions._row(relabelled(questions, dict(raw), k))) for k in range(2 if two else 3)]
        built = [task.build(row) for row in rows]
        assert len({e.options for e in built}) == 1 and len({e.gold for e in built}) == len(rows)
        for row, example in zip(rows, built, strict=True):
            assert example.options[example.gold] == row["right"]
            assert sorted(example.options) == sorted([row["right"], *row["wrong"]])


@pytest.mark.parametrize("name", [*CHOICES, *PAIRS, "nlp/ethics-utilitarianism"])
def test_gold_stands_at_each_place_about_equally_often(name: str, shared_hub: Path) -> None:
    task = load_task(name)
    needs_real_rows(task, shared_hub)
    examples = [task.build(row) for row in task.rows("train", shared_hub)]
    options = len(examples[0].options)
    counts = Counter(e.gold for e in examples)
    assert len(counts) == options
    assert all(abs(count / len(examples) - 1 / options) < 0.03 for count in counts.values())


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_holds_the_right_answer_and_the_wrong_one_of_the_binary_form(name: str, hub: Path) -> None:
    pairs, binary = load_task(name), load_task(name.replace("reward/", "nlp/").removesuffix("-pairs"))
    answers = [row["answer"] for row in binary.rows("train", hub)]
    for k, row in enumerate(pairs.rows("train", hub)):
        example = pairs.build(row)
        assert example.prompt == row["question"]
        assert set(example.options) == set(answers[2 * k : 2 * k + 2])
        assert example.options[example.gold] == answers[2 * k + 1]


def test_questions_with_equal_answers_are_left_out(hub: Path) -> None:
    raw = COMMONSENSE_QA.hub.rows("train", hub)
    equal = [row for row in raw if len(set(row["choices"]["text"])) < 5]
    assert len(equal) == 1 and len(COMMONSENSE_QA.rows().rows("train", hub)) == len(raw) - 1


@pytest.mark.parametrize("name", [*BINARY, *CHOICES, *PAIRS])
def test_the_code_that_reads_questions_is_part_of_the_fingerprint(name: str) -> None:
    source = load_task(name).source
    assert isinstance(source, Expanded) and source.code[0] == CODE
    assert source.code[1:] and all(path.is_file() and path.parent == CODE.parent for path in source.code)


CHOICE = {"text": ["a", "b"], "label": ["A", "B"]}
SOCIAL = {"context": "c", "question": "q", "answerA": "a", "answerB": "b", "answerC": "c", "label": "1"}


@pytest.mark.parametrize(
    ("questions", "row", "what"),
    [
        (OPENBOOKQA, {"question_stem": "q", "choices": CHOICE, "answerKey": ""}, "answerKey '' is not among"),
        (OPENBOOKQA, {"question_stem": None, "choices": CHOICE, "answerKey": "A"}, "row cannot be used"),
        (OPENBOOKQA, {"question_stem": "q", "choices": None, "answerKey": "A"}, "row cannot be used"),
        (SOCIAL_IQA, SOCIAL | {"label": "0"}, "label '0' is not 1, 2 or 3"),
        (SOCIAL_IQA, SOCIAL | {"label": ""}, "label '' is not 1, 2 or 3"),
        (SOCIAL_IQA, SOCIAL | {"answerB": None}, "row cannot be used"),
    ],
)
@pytest.mark.parametrize("form", ["nlp/{}", "nlp/{}-choice", "reward/{}-pairs"])
def test_a_question_that_cannot_be_read_is_shown(
    form: str, questions: Questions, row: dict[str, Any], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(questions.hub), "rows", lambda *_: [row])
    name = form.format(questions.name)
    task = load_task(name)
    (broken,) = task.rows("train", None)
    with pytest.raises(BadData) as caught:
        task.build(broken)
    said = str(caught.value)
    assert said.startswith(f"task {name}, row {{") and what in said and "\n" not in said


# The others, one by one


@pytest.mark.parametrize(
    ("name", "row", "prompt", "answer"),
    [
        ("nlp/cola", {"sentence": " He go. ", "label": 0}, "He go.", "unacceptable"),
        ("nlp/boolq", {"passage": "P.", "question": "is it", "answer": True}, "P.\nQuestion: is it?", "yes"),
        (
            "nlp/multirc",
            {"paragraph": "P. ", "question": "Who?", "answer": " Ada", "label": 1},
            "P.\nQuestion: Who?\nAnswer: Ada",
            "right",
        ),
        ("nlp/ethics-justice", {"label": 1, "scenario": "I rest. "}, "I rest.", "reasonable"),
        (
            "nlp/ethics-deontology",
            {"label": 0, "scenario": "Will you? ", "excuse": " No. "},
            "Will you? No.",
            "unreasonable",
        ),
        (
            "nlp/ethics-utilitarianism",
            {"baseline": "I won. ", "less_pleasant": "I lost."},
            "Which is more pleasant?",
            "I won.",
        ),
    ],
)  # fmt: skip
def test_a_row_becomes_a_prompt_and_an_answer(
    name: str, row: dict[str, Any], prompt: str, answer: str
) -> None:
    example = load_task(name).build(row)
    assert example.prompt == prompt and example.options[example.gold] == answer


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("nlp/cola", {"sentence": None, "label": 1}),
        ("nlp/cola", {"sentence": "hidden", "label": -1}),
        ("nlp/boolq", {"passage": "P.", "question": "is it", "answer": None}),
        ("nlp/boolq", {"passage": "", "question": "is it", "answer": True}),
        ("nlp/boolq", {"passage": "P.", "question": None, "answer": True}),
        ("nlp/multirc", {"paragraph": "P.", "question": "Who?", "answer": None, "label": 0}),
        ("nlp/multirc", {"paragraph": "P.", "question": "Who?", "answer": "x", "label": -1}),
        ("nlp/ethics-justice", {"label": 0, "scenario": " "}),
        ("nlp/ethics-justice", {"label": 0, "scenario": None}),
        ("nlp/ethics-deontology", {"label": 0, "scenario": "s", "excuse": ""}),
        ("nlp/ethics-utilitarianism", {"baseline": "same", "less_pleasant": "same "}),
        ("nlp/ethics-utilitarianism", {"baseline": "", "less_pleasant": "x"}),
    ],
)
def test_a_data_set_of_one_row_that_cannot_be_used_shows_it(
    name: str, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the filter or the group of the row stumbles over it first."""
    task = load_task(name)
    monkeypatch.setattr(type(task.source), "rows", lambda *_: [row])
    with pytest.raises(BadData, match=f"task {name} .*100.0% of the rows .* row 0 {{") as caught:
        make_split(task, SMALL, 0, None)
    assert "\n" not in str(caught.value)


def test_the_better_scenario_has_no_place_of_its_own(hub: Path) -> None:
    task = load_task("nlp/ethics-utilitarianism")
    for row in task.rows("train", hub):
        turned = {"baseline": row["less_pleasant"], "less_pleasant": row["baseline"]}
        one, other = task.build(row), task.build(turned)
        assert one.item == other.item and one.group == other.group and one.gold != other.gold


def test_thinning_keeps_about_the_share_and_always_the_same() -> None:
    texts = [f"sentence {i}" for i in range(2000)]
    found = [kept(text, 0.42) for text in texts]
    assert found == [kept(text, 0.42) for text in texts] and 0.38 < np.mean(found) < 0.46
    assert all(kept(text, 1.0) for text in texts) and not any(kept(text, 0.0) for text in texts)


SUITE = """
name = "text"
version = 1
seeds = [0]
methods = ["naive"]
references = ["zero-shot", "shuffled-labels", "weak-copy"]
[data]
teacher = 18
transfer = 18
validation = 0
test = 12
[[grid]]
tasks = [
    "nlp/openbookqa", "nlp/commonsense-qa-choice", "nlp/ethics-utilitarianism", "reward/social-iqa-pairs",
]
models = ["bow", "llama:16x1"]
training = { epochs = 1, max_length = 48 }
"""


def test_binary_choice_and_pair_run_from_end_to_end(hub: Path, tmp_path: Path) -> None:
    path = tmp_path / "text.toml"
    path.write_text(SUITE, "utf8")
    ran = run_suite(str(path), RunSettings(out=tmp_path / "out", hub=hub, device="cpu", workers=1))
    assert ran is not None and {row.task for row in ran.rows} >= {"nlp/commonsense-qa-choice"}
