"""A data set of questions with one right answer among several, as rows for tasks of each form.

A question becomes an nlp task of (question, answer) items, an nlp task of choices among all answers, and a
reward task of pairs. Tasks name this file and that of the set as code of their source, so that their
fingerprints cover both.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from w2s_bench.records import Domain
from w2s_bench.sources import Expanded, HubSource, Row
from w2s_bench.task import Findings, TaskCard

CODE = Path(__file__)
DISTINCT = "Questions whose answers are not all distinct are left out."
CONVERTED = (
    "Upstream's main branch is a loading script; its conversion to Parquet is a branch whose commit could "
    "not be looked up, so that of the day enters every key."
)
HIDDEN = "The official test split has no public answers, so the validation split is the test set."
BRANCH = "Upstream's main branch is a loading script; the commit is of its conversion to Parquet."
Read = tuple[str, str, list[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Questions:
    """A data set and how it reads: ``read`` gives question, right answer, wrong answers and group.

    ``answers``: questions with another number of them are left out. ``companions``: names of other sets whose
    test questions are asked as well, in the same form.
    """

    name: str
    what: str
    hub: HubSource
    read: Callable[[Row], Read]
    source: str
    licence: str
    citation: str
    group: str
    size: str
    notes: str = DISTINCT
    standing: Literal["development", "held-out"] = "held-out"
    pretraining: str = "not known"
    companions: tuple[str, ...] = ()
    findings: Findings = ()
    answers: int | None = None

    @property
    def code(self) -> Path:
        """The file that holds ``read``."""
        return Path(inspect.getfile(self.read))

    def rows(self) -> Expanded:
        """Rows ``question, right, wrong, group``, one a question."""
        return Expanded(source=self.hub, expand=self._row, code=(CODE, self.code))

    def judged(self) -> Expanded:
        """Rows ``question, answer, right (0 or 1), group``: the right answer and a wrong one a question."""
        return Expanded(source=self.hub, expand=self._judged, code=(CODE, self.code))

    def card(self, name: str, title: str, **more: Any) -> TaskCard:
        """The card of a task made of these questions; ``name`` holds the domain."""
        shared = (
            "source",
            "licence",
            "citation",
            "group",
            "size",
            "standing",
            "pretraining",
            "notes",
            "findings",
        )
        facts: dict[str, Any] = {field: getattr(self, field) for field in shared}
        return TaskCard(name=name, domain=cast(Domain, name.partition("/")[0]), title=title, **facts | more)

    def _row(self, raw: Row) -> Iterator[Row]:
        question, right, wrong, group = self.read(raw)
        answers = 1 + len(wrong)
        if len({right, *wrong}) == answers and self.answers in (None, answers):
            yield {"question": question, "right": right, "wrong": wrong, "group": group}

    def _judged(self, raw: Row) -> Iterator[Row]:
        for row in self._row(raw):
            for label, answer in enumerate((one_wrong(row), row["right"])):
                yield {k: row[k] for k in ("question", "group")} | {"answer": answer, "right": label}


def one_wrong(row: Row) -> str:
    """The wrong answer that a hash of its content picks."""
    return min(row["wrong"], key=lambda a: hashlib.sha256(f"{row['question']}\0{a}".encode()).digest())


def labelled(question: str, row: Row, group: str) -> Read:
    """Answers as ``choices`` of texts and labels, the right one's label as ``answerKey``."""
    texts, labels = row["choices"]["text"], row["choices"]["label"]
    if row["answerKey"] not in labels:
        raise ValueError(f"answerKey {row['answerKey']!r} is not among {labels}")
    return numbered(question, texts, labels.index(row["answerKey"]), group)


def numbered(question: str, answers: list[str], right: int, group: str) -> Read:
    """Answers in a list, the right one by its place. Errors: ValueError for a place outside of it."""
    wrong = [answer.strip() for answer in answers]
    if not 0 <= right < len(wrong):
        raise ValueError(f"answer {right} is not among {len(wrong)} answers")
    if not all(wrong):
        raise ValueError("empty answer")
    return question.strip(), wrong.pop(right), wrong, group.strip()
