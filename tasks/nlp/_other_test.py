"""Another test set for a task: the same question and classes, harder rows or rows of another kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

from w2s_bench.sources import Expanded, HubSource
from w2s_bench.task import Task


def other_test(
    module: ModuleType,
    name: str,
    *,
    split: str,
    title: str,
    size: str,
    notes: str = "",
    files: str | None = None,
) -> Task:
    """The task of a module on another split of its data set, without any rows to train on.

    The module is code of the source, so that a change to how its task reads a row reaches this one's key.
    """
    task: Task = module.TASK
    source, card = task.source, task.card
    assert isinstance(source, HubSource) and module.__file__
    others = replace(source, train=(), test=split, files=files)
    return replace(
        task,
        card=replace(
            card,
            name=name,
            title=title,
            source=f"hub {source.path} ({source.config or 'default'}), split {split}",
            size=size,
            companions=(),
            test_only=True,
            notes=f"Nothing is trained on it. {notes}{card.notes}",
        ),
        source=Expanded(source=others, expand=lambda row: (row,), code=(Path(module.__file__),)),
    )
