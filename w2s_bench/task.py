"""The task contract: a card on top, a few lines of logic that turn a raw row into a choice among options."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any, Literal

from w2s_bench.bad_rows import (
    EMPTY,
    EQUAL,
    LABEL,
    LONG,
    LONGEST,
    NAN,
    OPTIONS,
    UNICODE,
    UNUSABLE,
    BadRow,
    BrokenRow,
    bad_row,
    has_nan,
    short,
)
from w2s_bench.errors import BadData, UserError
from w2s_bench.records import Domain, canonical_json, content_key
from w2s_bench.registry.load import load
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.sources import Row, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """An example without its answer: all that a student, a method or a model may see.

    ``prompt`` is text; ``options`` are the class names or the answers to choose from (nlp), legal moves in
    UCI or SAN (chess) or the two completions (reward). ``position`` is the FEN that chess models read,
    followed by a space and the move that led to it (UCI) where it is known; None elsewhere. ``tags`` are for
    filters and reports.
    """

    id: str
    prompt: str
    options: tuple[str, ...]
    position: str | None = None
    tags: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """An item with its gold option and the group that must not be torn apart by a split."""

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
    """How one would ask a language model that was not finetuned: text put behind the input, and answers.

    nlp with classes: an answer a class. reward: the question follows each completion; two answers, for a bad
    and a good one, and the completion whose odds of the good one are higher is preferred. nlp without
    classes: as reward, or no answers; the options themselves are then the answers behind the question.
    """

    question: str
    answers: tuple[str, ...] = ()


Findings = tuple[tuple[str, str], ...]  # checks of an audit that do not hold, and why that is accepted


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCard:
    """What a user must know of a task before quoting a number on it.

    ``classes`` are those of an nlp task whose every item has the same options; without them its items have
    options of their own, and models score each. ``standing``: options of methods may be chosen on development
    tasks, boards rank on the held-out ones. ``pretraining``: what is known of these rows in the corpora of
    public models. ``companions``: names of tasks whose test sets a model finetuned on this one answers as
    well, harder or of another distribution. ``test_only``: such a test set, on which nothing is trained.
    ``metric``: what is scored, an item or a line of items (tags ``line`` and ``line length``) all of which
    must be right; the latter of test-only tasks alone.
    ``findings``: checks of ``w2s-bench check task`` that do not hold, each with the reason to accept that.
    """

    name: str
    domain: Domain
    version: int
    title: str
    source: str
    licence: str
    citation: str
    language: str
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

    ``example`` builds the example (raises ValueError saying what is wrong with the row), ``group``
    names what must stay in one part (same question, game, prompt, passage), ``keep`` filters rows
    by design (a rating band), cheaply and before anything is built. A row over which one of them stumbles
    cannot be used. ``ask`` is how a model without any finetuning is asked (the zero-shot reference row);
    chess needs none.
    """

    card: TaskCard
    source: Source
    example: Callable[[Row], Example]
    group: Callable[[Row], str]
    keep: Callable[[Row], bool] | None = None
    ask: Ask | None = None

    def rows(self, split: str, mirror: Path | None) -> list[Row]:
        """Kept rows of a split (``train`` or ``test``), in a fixed order; at least one, or BadData. A row
        over which source or filter stumbled is among them: :meth:`build` says what is wrong with it."""
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
        """All rows that the source gives. Errors: BadData for what is wrong with the data set as a whole."""
        return self.source.rows(split, mirror)

    def keeps(self, row: Row) -> bool:
        """Whether the task keeps a row. Errors: one of UNUSABLE over a row that cannot be used."""
        if isinstance(row, BrokenRow):
            raise row.error
        kept = self.keep is None or self.keep(row)
        if not kept and has_nan(row):  # NaN is in no band: it fails a filter that it should not have met
            raise BadRow(NAN, "a value is not a number")
        return kept

    def group_of(self, row: Row) -> str:
        """The group of a row. Errors: one of UNUSABLE, that of building the row where this fails too."""
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
        """What a task without any row is told as."""
        return BadData(
            "no row of the data set is kept",
            where=f"task {self.card.name} ({split})",
            expected="at least one row",
        )

    def made(self, row: Row) -> Example:
        """The example of a row, checked. Errors: one of UNUSABLE over a row that cannot be used."""
        if isinstance(row, BrokenRow):
            raise row.error
        _check_size(row)
        example = self.example(row)
        _check(example, self.card)
        return example

    def build(self, row: Row) -> Example:
        """The example of a row, checked against the contract; BadData shows the row that breaks it."""
        try:
            return self.made(row)
        except UNUSABLE as error:
            raise bad_row(error, f"task {self.card.name}, row {short(row)}") from None

    def describe(self) -> dict[str, Any]:
        """The card as JSON values."""
        return asdict(self.card)


def _check_size(row: Row) -> None:
    """Before anything is made of a row: what a task does with a text may take the square of its length."""
    if (length := max((len(v) for v in row.values() if isinstance(v, str)), default=0)) > LONGEST:
        raise BadRow(LONG, f"{length:,} characters, at most {LONGEST:,} are taken")


def _check(example: Example, card: TaskCard) -> None:
    _check_texts(example)
    if len(example.options) < 2:
        raise BadRow(OPTIONS, f"{len(example.options)} option(s), at least two are needed")
    if len({option.strip() for option in example.options}) != len(example.options):
        if card.domain == "reward":
            raise BadRow(EQUAL, "the two sides of the pair are equal")
        raise BadRow(OPTIONS, "two options are equal")
    _check_gold(example)
    if not (example.prompt.strip() or example.position or card.domain == "reward"):
        raise BadRow(EMPTY, "empty prompt")
    if card.domain == "nlp" and not all(option.strip() for option in example.options):
        raise BadRow(EMPTY, "empty option")
    if card.classes and example.options != card.classes:
        raise ValueError(f"options {example.options} are not the classes {card.classes}")


def _check_texts(example: Example) -> None:
    """Texts that every tokenizer, file and hash can take. Errors: TypeError for what is no text."""
    tags = [v for v in example.tags.values() if isinstance(v, str)]
    content = (example.prompt, *example.options)
    whole = "\n".join((*content, example.position or "", example.group, *tags))
    if (length := sum(map(len, content))) > LONGEST:
        raise BadRow(LONG, f"{length:,} characters, at most {LONGEST:,} are taken")
    if "\0" in whole:
        raise BadRow(UNICODE, "a NUL character")
    if not whole.isascii():
        whole.encode("utf8")  # a surrogate without its other half is a UnicodeError
    if not_numbers := [k for k, v in example.tags.items() if isinstance(v, float) and not math.isfinite(v)]:
        raise BadRow(NAN, f"tag {not_numbers[0]!r} is no finite number")


def _check_gold(example: Example) -> None:
    gold: Any = example.gold
    if isinstance(gold, float) and math.isnan(gold):
        raise BadRow(NAN, "the label is not a number")
    if not isinstance(gold, Integral):
        raise BadRow(LABEL, f"gold option {gold!r} is no whole number")
    if not 0 <= int(gold) < len(example.options):
        raise BadRow(LABEL, f"gold option {gold} is not among {len(example.options)} options")


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
    del card["findings"]  # what an audit says of the rows changes none
    return content_key(
        {
            "card": card,
            "code": source_hash("task", name),
            "data": task.source.fingerprint(mirror),
        }
    )


def choice(prompt: str, right: str, wrong: Sequence[str], *, group: str, **tags: str | float) -> Example:
    """A choice of one right option; a hash of the texts decides the order of options, never the label."""
    options = sorted([right, *wrong], key=lambda s: hashlib.sha256((prompt + s).encode()).digest())
    return Example(prompt=prompt, options=tuple(options), gold=options.index(right), group=group, tags=tags)


def preference(prompt: str, chosen: str, rejected: str, *, group: str, **tags: str | float) -> Example:
    """A preference pair as a choice of two."""
    return choice(prompt, chosen, [rejected], group=group, **tags)
