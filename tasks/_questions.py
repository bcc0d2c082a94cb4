"""Data sets of questions with one right answer among several, read once for all tasks that are made of them.

A question becomes an nlp task of (question, answer) items, an nlp task of choices among all answers, and a
reward task of pairs. Tasks name this file as code of their source, so that their fingerprints cover it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from w2s_bench.sources import Expanded, HubSource, Row
from w2s_bench.task import TaskCard

CODE = Path(__file__)
DISTINCT = "Questions whose answers are not all distinct are left out."


@dataclass(frozen=True, kw_only=True, slots=True)
class Questions:
    """A data set and how it reads: ``read`` gives question, right answer, wrong answers and group."""

    name: str
    what: str
    hub: HubSource
    read: Callable[[Row], tuple[str, str, list[str], str]]
    source: str
    licence: str
    citation: str
    group: str
    size: str
    notes: str = DISTINCT

    def rows(self) -> Expanded:
        """Rows ``question, right, wrong, group``, one a question."""
        return Expanded(source=self.hub, expand=self._row, code=(CODE,))

    def answers(self) -> Expanded:
        """Rows ``question, answer, right (0 or 1), group``: the right answer and a wrong one a question."""
        return Expanded(source=self.hub, expand=self._answers, code=(CODE,))

    def card(self, name: str, title: str, **more: str | tuple[str, ...]) -> TaskCard:
        """The card of a task made of these questions; ``name`` holds the domain."""
        return TaskCard(
            name=name,
            domain="reward" if name.startswith("reward/") else "nlp",
            version=1,
            title=title,
            source=self.source,
            licence=self.licence,
            citation=self.citation,
            language="en",
            group=self.group,
            size=self.size,
            **({"notes": self.notes} | more),  # type: ignore[arg-type]
        )

    def _row(self, raw: Row) -> Iterator[Row]:
        question, right, wrong, group = self.read(raw)
        if len({right, *wrong}) == 1 + len(wrong):
            yield {"question": question, "right": right, "wrong": wrong, "group": group}

    def _answers(self, raw: Row) -> Iterator[Row]:
        for row in self._row(raw):
            for label, answer in enumerate((one_wrong(row), row["right"])):
                yield {k: row[k] for k in ("question", "group")} | {"answer": answer, "right": label}


def one_wrong(row: Row) -> str:
    """The wrong answer that a hash of its content picks."""
    return min(row["wrong"], key=lambda a: hashlib.sha256(f"{row['question']}\0{a}".encode()).digest())


def _labelled(question: str, row: Row, group: str) -> tuple[str, str, list[str], str]:
    """Answers as ``choices`` of texts and labels, the right one's label as ``answerKey``."""
    texts, labels = ([t.strip() for t in row["choices"]["text"]], row["choices"]["label"])
    if row["answerKey"] not in labels:
        raise ValueError(f"answerKey {row['answerKey']!r} is not among {labels}")
    right = texts.pop(labels.index(row["answerKey"]))
    return question.strip(), right, texts, group.strip()


OPENBOOKQA = Questions(
    name="openbookqa",
    what="elementary science, four answers",
    hub=HubSource(
        path="allenai/openbookqa",
        config="main",
        revision="388097ea7776314e93a529163e0fea805b8a6454",
        columns=("question_stem", "choices", "answerKey"),
        train=("train", "validation"),
        test="test",
    ),
    read=lambda row: _labelled(row["question_stem"], row, row["question_stem"]),
    source="hub allenai/openbookqa (main), train and validation splits pooled; test split",
    licence="Apache-2.0",
    citation="Mihaylov et al. 2018, arXiv 1809.02789",
    group="question stem; the fact behind it is not in the data's main configuration",
    size="5,456 questions to train on, 500 for the test, before those with equal answers are left out",
)

COMMONSENSE_QA = Questions(
    name="commonsense-qa",
    what="common sense, five answers",
    hub=HubSource(
        path="tau/commonsense_qa",
        revision="94630fe30dad47192a8546eb75f094926d47e155",
        columns=("question", "question_concept", "choices", "answerKey"),
        test="validation",
    ),
    read=lambda row: _labelled(row["question"], row, row["question_concept"]),
    source="hub tau/commonsense_qa, train and validation splits",
    licence="MIT",
    citation="Talmor et al. 2019, arXiv 1811.00937",
    group="the concept that a question was written about",
    size="9,741 questions to train on, 1,221 for the test, before those with equal answers are left out",
    notes=f"{DISTINCT} The official test split has no public answers, so the validation split is the test "
    "set. Where a concept is tested, its training questions are unused.",
)


def _social(row: Row) -> tuple[str, str, list[str], str]:
    answers = [row[f"answer{letter}"].strip() for letter in "ABC"]
    if row["label"] not in ("1", "2", "3"):
        raise ValueError(f"label {row['label']!r} is not 1, 2 or 3")
    right = answers.pop(int(row["label"]) - 1)
    return f"{row['context'].strip()} {row['question'].strip()}", right, answers, row["context"].strip()


SOCIAL_IQA = Questions(
    name="social-iqa",
    what="people's reasons and reactions, three answers",
    hub=HubSource(
        path="allenai/social_i_qa",
        revision="refs/convert/parquet",
        columns=("context", "question", "answerA", "answerB", "answerC", "label"),
        test="validation",
    ),
    read=_social,
    source="hub allenai/social_i_qa, train and validation splits",
    licence="none stated upstream",
    citation="Sap et al. 2019, arXiv 1904.09728",
    group="context (the situation that the question is about)",
    size="33,410 questions to train on, 1,954 for the test, before those with equal answers are left out",
    notes=f"{DISTINCT} Upstream's main branch is a loading script; its conversion to Parquet is a branch "
    "whose commit could not be looked up, so that of the day enters every key.",
)
