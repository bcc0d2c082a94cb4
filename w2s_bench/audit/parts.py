"""The parts of a task for an audit: examples with gold and group, drawn as a suite would draw them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from w2s_bench.data.cached_source import Once
from w2s_bench.data.grouped_rows import GroupedRows
from w2s_bench.data.splits import make_split
from w2s_bench.errors import BadData
from w2s_bench.sources import Row, Source
from w2s_bench.suite import Data
from w2s_bench.task import Example, Task, TaskCard

SIZES = Data(teacher=2000, transfer=2000, validation=500, test=1000)
SHRINK = 0.75  # where a data set is smaller, parts are drawn this much smaller until it suffices
LEAST = 8  # items of a half, below which there is nothing to audit


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A task's card, its source, and the examples of each part; ``torn``: contents under several groups."""

    card: TaskCard
    source: Source
    parts: dict[str, list[Example]]
    torn: int = 0

    @property
    def test(self) -> list[Example]:
        """The examples of the test set."""
        return self.parts["test"]

    @property
    def training(self) -> list[Example]:
        """The examples of both halves, teacher first."""
        return self.parts.get("teacher", []) + self.parts.get("transfer", [])

    @property
    def sizes(self) -> dict[str, int]:
        """How many examples each part has."""
        return {name: len(part) for name, part in self.parts.items()}


def draw(task: Task, mirror: Path | None, data: Data = SIZES) -> Drawn:
    """All parts of a task at ``data``'s sizes, or as large as its rows allow.

    Errors: BadData where there are too few rows for anything, or rows that no split can be made of.
    """
    built: dict[str, list[Example]] = {}

    def example(row: Row) -> Example:
        made = task.example(row)
        built.setdefault(made.item.id, []).append(made)
        return made

    watched = replace(task, example=example, source=Once(task.source))
    if task.card.test_only:
        pool = GroupedRows(watched, "test", mirror)
        parts = {"test": pool.fill(pool.groups("test"), data.test, set())}
        pool.census.check()
    else:
        split = _split(watched, mirror, data)
        own = {name: part.items for name, part in split.items() if not name.startswith("companion")}
        parts = {name: [built[item.id][0] for item in part] for name, part in own.items()}
    torn = sum(len({e.group for e in examples}) > 1 for examples in built.values())
    return Drawn(card=task.card, source=task.source, parts=parts, torn=torn)


def _split(task: Task, mirror: Path | None, data: Data) -> dict[str, Any]:
    while True:
        try:
            return make_split(task, data, 0, mirror)
        except BadData as error:
            if not error.what.startswith("too few rows") or min(data.teacher, data.transfer) < LEAST:
                raise
        sizes = {p: max(1, int(SHRINK * getattr(data, p))) for p in ("teacher", "transfer", "test")}
        data = data.model_copy(update=sizes | {"validation": int(SHRINK * data.validation)})
