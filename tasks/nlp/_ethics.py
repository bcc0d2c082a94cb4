"""The source, the card and the hard test that all parts of ETHICS share."""

from __future__ import annotations

from types import ModuleType

from w2s_bench.sources import HubSource
from w2s_bench.task import Task, TaskCard
from w2s_bench.tasks.nlp._other_test import other_test

REVISION = "Upstream has a loading script, which is not run: its CSV files are read."
HARD = "Upstream kept for it what models got wrong (adversarial filtration)."


def ethics(config: str, *columns: str) -> HubSource:
    """The training and test splits of a part."""
    return HubSource(
        path="hendrycks/ethics",
        config=config,
        revision="b8b47c589f8bee77175b8648e5497278b68da48a",
        files=f"data/{config}/{{split}}.csv",
        columns=columns,
        test="test",
    )


def hard(module: ModuleType, title: str, size: str, notes: str = "") -> Task:
    """The hard test of the part that a module defines; its file on the hub is not named like the split."""
    task: Task = module.TASK
    assert isinstance(task.source, HubSource)
    files = f"data/{task.source.config}/test_hard.csv"
    name = f"{task.card.name}-hard"
    return other_test(
        module, name, split="hard_test", title=title, size=size, notes=f"{HARD} {notes}", files=files
    )


def card(
    part: str, *, title: str, group: str, size: str, classes: tuple[str, ...] = (), notes: str = ""
) -> TaskCard:
    """The card of a part of ETHICS."""
    return TaskCard(
        name=f"nlp/ethics-{part}",
        domain="nlp",
        title=title,
        source=f"hub hendrycks/ethics ({part}), train and test splits",
        licence="MIT",
        citation="Hendrycks et al. 2021, arXiv 2008.02275",
        group=group,
        size=size,
        classes=classes,
        companions=(f"nlp/ethics-{part}-hard",),
        pretraining="not known; the scenarios were written by paid writers for this set",
        notes=f"{notes} {REVISION}".strip(),
    )
