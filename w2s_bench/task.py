"""The task contract: a card on top, a few lines of logic that turn a raw row into a choice among options."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from w2s_bench.errors import BadData, UserError
from w2s_bench.records import Domain, canonical_json, content_key
from w2s_bench.registry import load, source_hash
from w2s_bench.sources import Row, Source, bad_row, short


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
    metric: str = "accuracy"
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
    by design (a rating band), cheaply and before anything is built. ``ask`` is how a model without any
    finetuning is asked (the zero-shot reference row); chess needs none.
    """

    card: TaskCard
    source: Source
    example: Callable[[Row], Example]
    group: Callable[[Row], str]
    keep: Callable[[Row], bool] | None = None
    ask: Ask | None = None

    def rows(self, split: str, mirror: Path | None) -> list[Row]:
        """Kept rows of a split (``train`` or ``test``), in a fixed order; at least one, or BadData."""
        rows = [r for r in self._raw(split, mirror) if self._keeps(r)]
        if not rows:
            raise BadData(
                "no row of the data set is kept",
                where=f"task {self.card.name} ({split})",
                expected="at least one row",
            )
        return rows

    def _keeps(self, row: Row) -> bool:
        try:
            return self.keep is None or self.keep(row)
        except (ValueError, LookupError, TypeError, AttributeError):
            return True  # a row that cannot be judged is a bad row: building it says what is wrong

    def _raw(self, split: str, mirror: Path | None) -> Sequence[Row]:
        try:
            return self.source.rows(split, mirror)
        except BadData as error:
            if error.where.startswith("row {"):  # a source does not know whose rows it gives
                error.where = f"task {self.card.name}, {error.where}"
            raise

    def build(self, row: Row) -> Example:
        """The example of a row, checked against the contract; BadData shows the row that breaks it."""
        try:
            example = self.example(row)
            _check(example, self.card)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise bad_row(error, f"task {self.card.name}, row {short(row)}") from None
        return example

    def describe(self) -> dict[str, Any]:
        """The card as JSON values."""
        return asdict(self.card)


def _check(example: Example, card: TaskCard) -> None:
    if len(example.options) < 2:
        raise ValueError(f"{len(example.options)} option(s), at least two are needed")
    if len(set(example.options)) != len(example.options):
        equal = "the two sides of the pair are equal" if card.domain == "reward" else "two options are equal"
        raise ValueError(equal)
    if not 0 <= example.gold < len(example.options):
        raise ValueError(f"gold option {example.gold} is not among {len(example.options)} options")
    if not (example.prompt.strip() or example.position or card.domain == "reward"):
        raise ValueError("empty prompt")
    if card.classes and example.options != card.classes:
        raise ValueError(f"options {example.options} are not the classes {card.classes}")


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
