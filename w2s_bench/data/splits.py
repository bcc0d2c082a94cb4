"""Split a task: teacher half, transfer half, weak-labelled validation, test set, companions, fresh parts.

No group and no equal content is in two parts, and hashes decide everything, so that all machines draw the
same split. The test set and the companions do not depend on the seed; the halves do.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from w2s_bench.bad_rows import Excluded
from w2s_bench.data.grouped_rows import Group, GroupedRows
from w2s_bench.errors import BadData
from w2s_bench.metric import LINE, LINE_LENGTH, LINES
from w2s_bench.records import parse
from w2s_bench.store.local import Store
from w2s_bench.suite import Data
from w2s_bench.task import Example, Item, Task, load_task

SPLIT_VERSION = 1
ITEMS, GOLD = "items", "gold"  # two artifacts under one key, so that readers of items do not get the gold
EXCLUDED = "excluded"  # a third artifact: bad rows, for people


@dataclass(frozen=True, slots=True)
class Part:
    """Items of one part with their gold option indices ``[N]``."""

    items: list[Item]
    gold: NDArray[np.int64]


Split = dict[str, Part]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A split, and the bad rows of each source among those that were read."""

    split: Split
    excluded: dict[str, Excluded] = field(default_factory=dict)


def part_sizes(data: Data) -> dict[str, int]:
    """Part names and sizes besides the test set, in the order in which they are filled."""
    hops = {hop(i): data.transfer for i in range(1, data.hops + 1)}
    return {"teacher": data.teacher, "transfer": data.transfer, "validation": data.validation, **hops}


def hop(i: int) -> str:
    """Name of the i-th fresh part, from 1."""
    return f"hop-{i}"


def companion(i: int) -> str:
    """Name of the part of the i-th companion, from 1."""
    return f"companion-{i}"


def companions_of(task: Task, data: Data) -> dict[str, str]:
    """Task names of the companions by the names of their parts; none if the suite has no companion items."""
    return {companion(i): name for i, name in enumerate(task.card.companions, 1)} if data.companion else {}


def make_split(task: Task, data: Data, seed: int, mirror: Path | None) -> Split:
    """Draw all parts of a task. Errors: those of :func:`draw_split`."""
    return draw_split(task, data, seed, mirror).split


def draw_split(task: Task, data: Data, seed: int, mirror: Path | None) -> Drawn:
    """Draw all parts of a task, and count bad rows. Errors: BadData for too few rows, too many bad ones, or a
    part of one class."""
    salt = f"seed {seed}"
    pool = GroupedRows(task, "train", mirror, (salt,))
    drawing = _Drawing(task, {"train": pool})
    own_test = task.source.has("test")
    test_pool = GroupedRows(task, "test", mirror) if own_test else pool
    drawing.test("test", test_pool, data.test, "test" if own_test else "train")
    for part, name in companions_of(task, data).items():
        drawing.companion(part, load_task(name), mirror, data.companion)
    order = (group for group in pool.groups(salt) if group[0] not in drawing.used)
    for name, size in part_sizes(data).items():
        drawing.take(name, pool, order, size)
    return drawing.done()


def draw_test(task: Task, size: int, mirror: Path | None) -> Part:
    """The test set alone, as :func:`draw_split` draws it at every seed. Errors: BadData."""
    source = "test" if task.source.has("test") else "train"
    drawing = _Drawing(task, {})
    drawing.test("test", GroupedRows(task, source, mirror), size, source)
    return drawing.checked().split["test"]


class _Drawing:
    """A split during drawing: the parts so far, and the pools they come from."""

    def __init__(self, task: Task, pools: dict[str, GroupedRows]) -> None:
        self.task, self.pools = task, pools
        self.split: Split = {}
        self.seen: set[str] = set()
        self.used: set[int] = set()

    def test(self, part: str, pool: GroupedRows, size: int, source: str) -> None:
        """Draw a part that all seeds share and whose groups no half gets; a test split of its own may be
        smaller than ``size``."""
        self.pools[source] = pool
        examples = pool.fill(pool.groups("test"), size, self.seen, self.used)
        self._add(part, examples, size if source == "train" else 1)

    def companion(self, part: str, task: Task, mirror: Path | None, size: int) -> None:
        """Draw a part from the test items of another task."""
        split = "test" if task.source.has("test") else "train"
        pool = GroupedRows(task, split, mirror)
        if task.card.metric == LINES:
            self.lines(part, pool, size, task.card.name)
        else:
            self.test(part, pool, size, task.card.name)

    def lines(self, part: str, pool: GroupedRows, size: int, source: str) -> None:
        """Draw whole lines of unused groups: later items of a line reveal its earlier answers."""
        self.pools[source] = pool
        fresh = (group for group in pool.groups("test") if group[0] not in self.used)
        self._add(part, _whole(pool.fill(fresh, size, self.seen, self.used)), 1)

    def take(self, part: str, pool: GroupedRows, order: Iterator[Group], size: int) -> None:
        """Draw a part from the next groups in the order of the seed."""
        self._add(part, pool.fill(order, size, self.seen), size)

    def _add(self, part: str, examples: list[Example], size: int) -> None:
        """Add a part of at least ``size`` examples."""
        if len(examples) < size:
            self._check_rows()  # too many bad rows explain too few examples
            bad = sum(pool.census.excluded.bad for pool in self.pools.values())
            left_out = f" ({bad:,} rows that cannot be used are left out)" if bad else ""
            raise BadData(
                f"too few rows: part {part!r} got {len(examples)} of {size}{left_out}",
                where=f"task {self.task.card.name}",
                expected="a data set with more distinct groups than the suite asks for",
                mend="lower teacher, transfer, validation, test, companion or hops in the suite's [data]",
            )
        gold = np.array([e.gold for e in examples], dtype=np.int64)
        self.split[part] = Part([e.item for e in examples], gold)

    def _check_rows(self) -> None:
        for pool in self.pools.values():
            pool.census.check()

    def done(self) -> Drawn:
        """The whole split. Errors: BadData for too many bad rows, or a part of one class."""
        drawn = self.checked()
        _check_classes(self.task, self.split)
        return drawn

    def checked(self) -> Drawn:
        """The parts so far. Errors: BadData for too many bad rows."""
        self._check_rows()
        return Drawn(self.split, {name: pool.census.excluded for name, pool in self.pools.items()})


def _whole(examples: list[Example]) -> list[Example]:
    """The examples of complete lines: an item may be cut off, or have the content of another."""
    counts = Counter(e.tags[LINE] for e in examples)
    return [e for e in examples if counts[e.tags[LINE]] == e.tags[LINE_LENGTH]]


def _check_classes(task: Task, split: Split) -> None:
    """Refuse a part in which every answer is the same, on which nothing can be learned or measured."""
    if not task.card.classes:
        return
    for name in ("teacher", "transfer", "test", *(n for n in split if n.startswith("companion-"))):
        if len(np.unique(split[name].gold)) < 2:
            only = task.card.classes[int(split[name].gold[0])]
            raise BadData(
                f"part {name!r} has only the class {only!r}",
                where=f"task {task.card.name}",
                expected="at least two classes",
                mend="check the labels of the data set",
            )


def save_split(store: Store, key: str, split: Split, excluded: Mapping[str, Excluded] | None = None) -> None:
    """Write items, gold and the bad rows as three artifacts under one key."""
    with store.write(EXCLUDED, key) as draft:
        draft.json(EXCLUDED, {name: asdict(rows) for name, rows in (excluded or {}).items()})
    with store.write(GOLD, key) as draft:
        for name, part in split.items():
            draft.arrays(name, {"gold": part.gold})
    with store.write(ITEMS, key) as draft:
        for name, part in split.items():
            draft.table(
                name,
                {
                    "id": [i.id for i in part.items],
                    "prompt": [i.prompt for i in part.items],
                    "options": [list(i.options) for i in part.items],
                    "position": [i.position or "" for i in part.items],
                    "tags": [json.dumps(dict(i.tags), sort_keys=True) for i in part.items],
                },
            )


def load_items(store: Store, key: str, part: str) -> list[Item]:
    """The items of one part, without any gold."""
    columns = store.open(ITEMS, key).table(part)
    return [
        Item(id=i, prompt=prompt, options=tuple(options), position=position or None, tags=json.loads(tags))
        for i, prompt, options, position, tags in zip(*columns.values(), strict=True)
    ]


def load_gold(store: Store, key: str, part: str) -> NDArray[np.int64]:
    """Gold option indices ``[N]`` of one part."""
    return store.open(GOLD, key).arrays(part)["gold"]


def part_names(store: Store, key: str) -> list[str]:
    """The parts that a split has."""
    return store.open(ITEMS, key).names()


def load_excluded(store: Store, key: str) -> dict[str, Excluded]:
    """Bad rows of a split by source; empty for splits of older versions."""
    if not store.has(EXCLUDED, key):
        return {}
    values = store.open(EXCLUDED, key).json(EXCLUDED)
    return {name: parse(Excluded, value, f"{EXCLUDED} {key}") for name, value in values.items()}
