"""The task contract: a card, and functions that turn a raw row into a choice among options."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any, Literal

from w2s_bench import bad_rows
from w2s_bench.bad_rows import UNUSABLE, BadRow, BrokenRow, bad_row, has_nan, short
from w2s_bench.errors import BadData, UserError
from w2s_bench.records import Domain, canonical_json, content_key
from w2s_bench.registry.load import load
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.sources import Row, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """An example without its answer: all that a student, a method or a model may see.

    ``options`` are the class names or answers (nlp), legal moves in UCI or SAN (chess) or the two completions
    (reward). ``position`` is the FEN that chess models read, followed by a space and the move that led to it
    (UCI) if known; None elsewhere. ``tags`` are for filters and reports.
    """

    id: str
    prompt: str
    options: tuple[str, ...]
    position: str | None = None
    tags: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """An item with its gold option and its group, which no split divides."""

    prompt: str
    options: tuple[str, ...]
    gold: int
    group: str
    position: str | None = None
    tags: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def item(self) -> Item:
        """The example without its answer; its id is a hash of content, so equal items collide."""
        text = canonical_json([self.prompt, sorted(self.options), self.position])
        return Item(
            id=hashlib.sha256(text.encode()).hexdigest()[:16],
            prompt=self.prompt,
            options=self.options,
            position=self.position,
            tags=self.tags,
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """The question to a language model that was not finetuned: text after the input, and answers.

    nlp with classes: one answer a class. reward: the question follows each completion; the completion with
    the higher odds of the second answer (good) over the first (bad) is preferred. nlp without classes: as
    reward, or no answers; the options themselves then follow the question.
    """

    question: str
    answers: tuple[str, ...] = ()


Findings = tuple[tuple[str, str], ...]  # failed checks of an audit, and why each is accepted


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCard:
    """What a user must know of a task before quoting a number on it.

    ``classes``: the options that all items of an nlp task share; without them items have options of their
    own, and models score each. ``standing``: method options may be tuned on development tasks; boards rank
    on held-out ones. ``pretraining``: what is known of these rows in corpora of public models.
    ``companions``: tasks whose test sets, harder or of another distribution, a model finetuned on this task
    answers as well. ``test_only``: nothing is trained on it. ``metric``: score items, or (test-only tasks)
    lines of items (tags ``line`` and ``line length``) that must all be right. ``findings``: failed checks of
    ``w2s-bench check task``, each with the reason to accept it.
    """

    name: str
    domain: Domain
    version: int = 1
    title: str
    source: str
    licence: str
    citation: str
    language: str = "en"
    group: str
    size: str
    metric: Literal["accuracy", "solved lines"] = "accuracy"
    classes: tuple[str, ...] = ()
    supersedes: str | None = None
    standing: Literal["development", "held-out"] = "held-out"
    pretraining: str = "not known"
    companions: tuple[str, ...] = ()
    test_only: bool = False
    findings: Findings = ()
    notes: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A card, a source of rows, and three functions of a row.

    ``example`` builds the example, or raises ValueError for a bad row. ``group`` names what must stay in one
    part (same question, game, prompt, passage). ``keep`` filters rows by design (a rating band), cheaply and
    before anything is built. A row on which one of them fails cannot be used. ``ask`` is the question of the
    zero-shot reference row; chess needs none.
    """

    card: TaskCard
    source: Source
    example: Callable[[Row], Example]
    group: Callable[[Row], str]
    keep: Callable[[Row], bool] | None = None
    ask: Ask | None = None

    def rows(self, split: str, mirror: Path | None) -> list[Row]:
        """Kept rows of a split (``train`` or ``test``), in a fixed order, and rows on which source or filter
        failed, whose error :meth:`build` raises. Errors: BadData without any row."""
        rows = []
        for row in self.raw(split, mirror):
            try:
                if self.keeps(row):
                    rows.append(row)
            except UNUSABLE as error:
                rows.append(row if isinstance(row, BrokenRow) else BrokenRow(row, error))
        if not rows:
            raise self.nothing(split)
        return rows

    def raw(self, split: str, mirror: Path | None) -> Sequence[Row]:
        """All rows of the source. Errors: BadData for a fault of the data set as a whole."""
        return self.source.rows(split, mirror)

    def keeps(self, row: Row) -> bool:
        """Whether the task keeps a row. Errors: one of UNUSABLE for a bad row."""
        if isinstance(row, BrokenRow):
            raise row.error
        keep = self.keep is None or self.keep(row)
        if not keep and has_nan(row):  # NaN fails every comparison, so the filter proves nothing
            raise BadRow(bad_rows.NAN, "a value is not a number")
        return keep

    def group_of(self, row: Row) -> str:
        """The group of a row. Errors: one of UNUSABLE, preferably the error of building the row."""
        try:
            group = self.group(row)
            if isinstance(group, str) and group:
                return group
            error: Exception = BadRow("no group", f"group {group!r} is no name")
        except UNUSABLE as failed:
            error = failed
        self.made(row)
        raise error

    def nothing(self, split: str) -> BadData:
        """The error of a task without any row."""
        where = f"task {self.card.name} ({split})"
        return BadData("no row of the data set is kept", where=where, expected="at least one row")

    def made(self, row: Row) -> Example:
        """The checked example of a row. Errors: one of UNUSABLE for a bad row."""
        if isinstance(row, BrokenRow):
            raise row.error
        _check_size(row)
        example = self.example(row)
        _check(example, self.card)
        return example

    def build(self, row: Row) -> Example:
        """The checked example of a row. Errors: BadData that shows a bad row."""
        try:
            return self.made(row)
        except UNUSABLE as error:
            raise bad_row(error, f"task {self.card.name}, row {short(row)}") from None

    def describe(self) -> dict[str, Any]:
        """The card as JSON values."""
        return asdict(self.card)


def _check_size(row: Row) -> None:
    """Refuse long texts before the task reads them, which may take time quadratic in their length."""
    if (length := max((len(v) for v in row.values() if isinstance(v, str)), default=0)) > bad_rows.LONGEST:
        raise BadRow(bad_rows.LONG, f"{length:,} characters, at most {bad_rows.LONGEST:,} are taken")


def _check(example: Example, card: TaskCard) -> None:
    _check_texts(example)
    if len(example.options) < 2:
        raise BadRow(bad_rows.OPTIONS, f"{len(example.options)} option(s), at least two are needed")
    if len({option.strip() for option in example.options}) != len(example.options):
        if card.domain == "reward":
            raise BadRow(bad_rows.EQUAL, "the two sides of the pair are equal")
        raise BadRow(bad_rows.OPTIONS, "two options are equal")
    _check_gold(example)
    if not (example.prompt.strip() or example.position or card.domain == "reward"):
        raise BadRow(bad_rows.EMPTY, "empty prompt")
    if card.domain == "nlp" and not all(option.strip() for option in example.options):
        raise BadRow(bad_rows.EMPTY, "empty option")
    if card.classes and example.options != card.classes:
        raise ValueError(f"options {example.options} are not the classes {card.classes}")


def _check_texts(example: Example) -> None:
    """Refuse texts that a tokenizer, file or hash cannot take. Errors: TypeError for what is no text."""
    tags = [v for v in example.tags.values() if isinstance(v, str)]
    content = (example.prompt, *example.options)
    whole = "\n".join((*content, example.position or "", example.group, *tags))
    if (length := sum(map(len, content))) > bad_rows.LONGEST:
        raise BadRow(bad_rows.LONG, f"{length:,} characters, at most {bad_rows.LONGEST:,} are taken")
    if "\0" in whole:
        raise BadRow(bad_rows.UNICODE, "a NUL character")
    if not whole.isascii():
        whole.encode("utf8")  # raises UnicodeError for a lone surrogate
    if not_numbers := [k for k, v in example.tags.items() if isinstance(v, float) and not math.isfinite(v)]:
        raise BadRow(bad_rows.NAN, f"tag {not_numbers[0]!r} is no finite number")


def _check_gold(example: Example) -> None:
    gold: Any = example.gold
    if isinstance(gold, float) and math.isnan(gold):
        raise BadRow(bad_rows.NAN, "the label is not a number")
    if not isinstance(gold, Integral):
        raise BadRow(bad_rows.LABEL, f"gold option {gold!r} is no whole number")
    if not 0 <= int(gold) < len(example.options):
        raise BadRow(bad_rows.LABEL, f"gold option {gold} is not among {len(example.options)} options")


def load_task(name: str) -> Task:
    """A registered task, or ``path/to/file.py:Name``."""
    task = load("task", name)
    if not isinstance(task, Task):
        raise UserError(
            f"not a task: {type(task).__name__}", where=name, expected="an object of w2s_bench.task.Task"
        )
    return task


def fingerprint(name: str, task: Task, mirror: Path | None) -> str:
    """Content key of a task's card, code and data."""
    card = task.describe()
    del card["findings"]  # findings of an audit change no row
    data = task.source.fingerprint(mirror)
    return content_key({"card": card, "code": source_hash("task", name), "data": data})


def choice(prompt: str, right: str, wrong: Sequence[str], *, group: str, **tags: str | float) -> Example:
    """A choice with one right option; a hash of the texts, never the label, orders the options."""
    options = sorted([right, *wrong], key=lambda s: hashlib.sha256((prompt + s).encode()).digest())
    return Example(prompt=prompt, options=tuple(options), gold=options.index(right), group=group, tags=tags)


def preference(prompt: str, chosen: str, rejected: str, *, group: str, **tags: str | float) -> Example:
    """A preference pair as a choice between two options."""
    return choice(prompt, chosen, [rejected], group=group, **tags)
