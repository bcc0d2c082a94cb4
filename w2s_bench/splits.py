"""Task → teacher half, transfer half, weak-labelled validation, test set, fresh parts for chains.

Groups are never torn, equal content never stands in two parts, and everything follows from hashes:
two machines draw the same split. The test set does not depend on the seed, so that the same items
score every seed; the halves do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from w2s_bench.errors import BadData
from w2s_bench.sources import Row
from w2s_bench.store import Store
from w2s_bench.suite import Data
from w2s_bench.task import Example, Item, Task

SPLIT_VERSION = 1
ITEMS, GOLD = "items", "gold"  # two artifacts under one key: whoever gets the items does not get the gold


@dataclass(frozen=True, slots=True)
class Part:
    """Items of one part with their gold option indices ``[N]``."""

    items: list[Item]
    gold: NDArray[np.int64]


Split = dict[str, Part]


def part_sizes(data: Data) -> dict[str, int]:
    """Part names and sizes besides the test set, in the order in which they are filled."""
    hops = {hop(i): data.transfer for i in range(1, data.hops + 1)}
    return {"teacher": data.teacher, "transfer": data.transfer, "validation": data.validation, **hops}


def hop(i: int) -> str:
    """Name of the i-th fresh part, from 1."""
    return f"hop-{i}"


def make_split(task: Task, data: Data, seed: int, mirror: Path | None) -> Split:
    """Draw all parts of a task. Errors: BadData for too few rows, a bad row, or a part of one class."""
    pool = _grouped(task, "train", mirror)
    seen: set[str] = set()
    if task.source.has("test"):
        own = _grouped(task, "test", mirror)
        test, used = _fill(task, own, _order(own, "test"), data.test, seen)
    else:
        test, used = _fill(task, pool, _order(pool, "test"), data.test, seen)
        _enough(task, "test", test, data.test)
    split = {"test": _part(test)}
    order = iter([g for g in _order(pool, f"seed {seed}") if g not in used])
    for name, size in part_sizes(data).items():
        examples, _ = _fill(task, pool, order, size, seen)
        _enough(task, name, examples, size)
        split[name] = _part(examples)
    _check_classes(task, split)
    return split


def _grouped(task: Task, split: str, mirror: Path | None) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in task.rows(split, mirror):
        groups.setdefault(_group(task, row), []).append(row)
    return groups


def _group(task: Task, row: Row) -> str:
    try:
        return task.group(row)
    except (ValueError, KeyError, TypeError, AttributeError):
        return task.build(row).group  # a row without its group is a bad row: let it say what is wrong


def _order(groups: dict[str, list[Row]], salt: str) -> list[str]:
    return sorted(groups, key=lambda g: hashlib.sha256(f"{salt}\0{g}".encode("utf8", "replace")).digest())


def _fill(
    task: Task, groups: dict[str, list[Row]], order: Iterator[str] | list[str], size: int, seen: set[str]
) -> tuple[list[Example], set[str]]:
    """Take whole groups until ``size`` examples of new content are there; the last group may be cut."""
    taken: list[Example] = []
    used: set[str] = set()
    order = iter(order)
    while len(taken) < size and (group := next(order, None)) is not None:
        used.add(group)
        for example in map(task.build, groups[group]):
            if len(taken) < size and example.item.id not in seen:
                seen.add(example.item.id)
                taken.append(example)
    return taken, used


def _enough(task: Task, part: str, examples: list[Example], size: int) -> None:
    if len(examples) < size:
        raise BadData(
            f"too few rows: part {part!r} got {len(examples)} of {size}",
            where=f"task {task.card.name}",
            expected="a data set with more distinct groups than the suite asks for",
            mend="lower teacher, transfer, validation, test or hops in the suite's [data]",
        )


def _part(examples: list[Example]) -> Part:
    return Part([e.item for e in examples], np.array([e.gold for e in examples], dtype=np.int64))


def _check_classes(task: Task, split: Split) -> None:
    """A part in which every answer is the same teaches and measures nothing."""
    if not task.card.classes:
        return
    for name in ("teacher", "transfer", "test"):
        if len(np.unique(split[name].gold)) < 2:
            only = task.card.classes[int(split[name].gold[0])]
            raise BadData(
                f"part {name!r} has only the class {only!r}",
                where=f"task {task.card.name}",
                expected="at least two classes",
                mend="check the labels of the data set",
            )


def save_split(store: Store, key: str, split: Split) -> None:
    """Write items and gold as two artifacts under one key."""
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
