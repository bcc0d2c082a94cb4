"""Check that a task's parts share no item and no group."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from w2s_bench.data.cached_source import Once
from w2s_bench.data.splits import make_split
from w2s_bench.sources import Row
from w2s_bench.suite import Data
from w2s_bench.task import Example, Task


def disjoint(task: Task, data: Data, hub: Path) -> None:
    """No item and no group stands in two parts, and two draws are the same."""
    groups: dict[str, str] = {}  # by item id, of all that is drawn

    def example(row: Row) -> Example:
        made = task.example(row)
        groups[made.item.id] = made.group
        return made

    once = replace(task, source=Once(task.source), example=example)  # read for once by all that follows
    split, again, other = (make_split(once, data, seed, hub) for seed in (0, 0, 1))
    ids = [item.id for part in split.values() for item in part.items]
    assert len(ids) == len(set(ids))
    taken = [{groups[item.id] for item in part.items} for part in split.values()]
    assert sum(map(len, taken)) == len(set().union(*taken))
    for name, part in split.items():
        assert part.items == again[name].items and np.array_equal(part.gold, again[name].gold)
    assert other["test"].items == split["test"].items and other["teacher"].items != split["teacher"].items
