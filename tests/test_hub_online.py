"""Every card against the hub itself: ``W2S_ONLINE=1 pytest tests/test_hub_online.py`` (some gigabytes).

Skipped without that variable, so that no test run needs a network. What it finds is what fixtures cannot: a
revision or file that is gone, a column that is called otherwise, labels that have become unbalanced.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from itertools import islice
from typing import Any

import pytest

from w2s_bench.errors import BadData
from w2s_bench.registry.items import items
from w2s_bench.sources import HubSource
from w2s_bench.task import Task, load_task

pytestmark = pytest.mark.skipif(
    os.environ.get("W2S_ONLINE") != "1", reason="needs the Hugging Face hub: set W2S_ONLINE=1"
)
ROWS = 3000


def source_of(task: Task) -> Any:
    """The innermost source: what a task's rows are made of."""
    source: Any = task.source
    while hasattr(source, "source"):
        source = source.source
    return source


FROM_HUB = [
    name
    for name, item in items("task").items()
    if item.module.startswith("w2s_bench.") and isinstance(source_of(load_task(name)), HubSource)
]


@pytest.mark.parametrize("name", FROM_HUB)
def test_the_card_loads_from_the_hub(name: str) -> None:
    """Rows of both splits; at most one in twenty cannot be used; no class above 60% of its rows."""
    task = load_task(name)
    for split in filter(task.source.has, ("train", "test")):
        gold: list[int] = []
        bad: list[BadData] = []
        rows = task.rows(split, None)
        for row in islice(rows, 0, None, max(1, len(rows) // ROWS)):
            try:
                gold.append(task.build(row).gold)
            except BadData as error:
                bad.append(error)
        assert len(bad) <= 0.05 * (len(gold) + len(bad)), bad[0]
        if task.card.domain == "nlp":
            assert max(Counter(gold).values()) <= 0.6 * len(gold)


@pytest.mark.parametrize("name", FROM_HUB)
def test_the_revision_stands_for_a_commit(name: str) -> None:
    assert re.search(r"@[0-9a-f]{40}:", load_task(name).source.fingerprint(None))
