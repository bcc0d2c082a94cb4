"""Companions of a task: other tasks, harder or of another distribution, whose test items its models answer.

They are scored separately from the task's own test set.
"""

from __future__ import annotations

from pathlib import Path

from w2s_bench.data.splits import companions_of
from w2s_bench.errors import UserError
from w2s_bench.suite import Data
from w2s_bench.task import Task, fingerprint, load_task


def check_trainable(name: str, task: Task) -> None:
    """Check that a task has more than a test set. Errors: UserError."""
    if task.card.test_only:
        raise UserError(
            "this task only tests: nothing is trained on it",
            where=f"task {name}",
            expected="a task with rows to train on",
            mend="name a task that has it among its companions, and set data.companion",
        )


def companion_fingerprints(task: Task, data: Data, mirror: Path | None) -> dict[str, str]:
    """Fingerprints of the companions that the suite draws, by name.

    Errors: UserError for one that does not exist, or whose options models of this task cannot answer.
    """
    fingerprints = {}
    for name in companions_of(task, data).values():
        try:
            other = load_task(name)
        except UserError as error:
            error.where = f"companions of task {task.card.name}" + (f", {error.where}" if error.where else "")
            raise
        _check_fits(task, other)
        fingerprints[name] = fingerprint(name, other, mirror)
    return fingerprints


def _check_fits(task: Task, other: Task) -> None:
    card, companion = task.card, other.card
    if card.domain != companion.domain or card.classes != companion.classes:
        raise UserError(
            f"companion {companion.name} has {_options(other)}",
            where=f"task {card.name}",
            expected=f"the options that models of the task answer: {_options(task)}",
            mend="name another companion, or give both cards the same classes in the same order",
        )


def _options(task: Task) -> str:
    card = task.card
    classes = f"classes {', '.join(card.classes)}" if card.classes else "options of each item's own"
    return f"{card.domain} items with {classes}"
