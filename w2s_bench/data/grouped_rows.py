"""The rows of one split of a task, in groups, and a census of bad rows.

One pass applies source, filter and group to all rows. Memory holds the index and a few hashes of the group of
each kept row; the row itself is read again when its group is drawn.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from w2s_bench.bad_rows import UNUSABLE, Census
from w2s_bench.task import Example, Task

IDENTITY = "test"  # the salt whose hash identifies a group in all pools
Group = tuple[int, list[int]]  # its identity hash, and the indices of its rows


class GroupedRows:
    """Rows of a split that the task keeps; each of ``salts`` gives an order for drawing groups."""

    def __init__(self, task: Task, split: str, mirror: Path | None, salts: Sequence[str] = ()) -> None:
        self.task = task
        self.census = Census(f"task {task.card.name} ({split})")
        self._rows = task.raw(split, mirror)
        self._numbers = array("Q")
        self._hashes = {salt: array("Q") for salt in dict.fromkeys((IDENTITY, *salts))}
        for number, row in enumerate(self._rows):
            self.census.read += 1
            try:
                group = task.group_of(row) if task.keeps(row) else None
            except UNUSABLE as error:
                self.census.count("read", number, row, error)
                continue
            if group is not None:
                self._numbers.append(number)
                for salt, hashes in self._hashes.items():
                    hashes.append(_hash(salt, group))
        if not self._numbers:
            self.census.check()
            raise task.nothing(split)

    def __len__(self) -> int:
        """Rows that the task keeps."""
        return len(self._numbers)

    def groups(self, salt: str) -> Iterator[Group]:
        """All groups in the order of a salt, the same on all machines and for any order of the data."""
        keys, names = (np.array(self._hashes[name], dtype=np.uint64) for name in (salt, IDENTITY))
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order])) + 1
        for rows in np.split(order, starts):
            yield int(names[rows[0]]), [self._numbers[i] for i in rows]

    def fill(
        self, groups: Iterator[Group], size: int, seen: set[str], used: set[int] | None = None
    ) -> list[Example]:
        """Take groups until there are ``size`` examples of new content; the last group may be cut.

        Ids of the examples are added to ``seen``, identity hashes of the groups to ``used``.
        """
        taken: list[Example] = []
        while len(taken) < size and (group := next(groups, None)) is not None:
            name, numbers = group
            if used is not None:
                used.add(name)
            for example in self._built(numbers):
                if len(taken) < size and example.item.id not in seen:
                    seen.add(example.item.id)
                    taken.append(example)
        return taken

    def _built(self, numbers: list[int]) -> Iterator[Example]:
        """Examples of rows; bad rows are counted and left out."""
        for number in numbers:
            row = self._rows[number]
            self.census.built += 1
            try:
                yield self.task.made(row)
            except UNUSABLE as error:
                self.census.count("built", number, row, error)


def _hash(salt: str, group: str) -> int:
    """Eight bytes of SHA-256: among five million groups a collision has a chance below one in a million."""
    digest = hashlib.sha256(f"{salt}\0{group}".encode("utf8", "replace")).digest()
    return int.from_bytes(digest[:8], "big")
