"""A bounded choice from a stream of puzzles: the games that come first in the order of their hashes."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SLACK = 2  # so many times the rows wanted are held before the rest are dropped
LAST = np.uint64(2**64 - 1)


def order(game: str) -> int:
    """Rank of a game: 64 bits of a hash of its name, so that the order of the file does not matter."""
    return int.from_bytes(hashlib.sha256(f"pool:{game}".encode()).digest()[:8])


class PuzzlePool:
    """Rows of the first ``games`` games of a stream; it never holds many more than ``SLACK`` times those.

    Dropping sorts, so it waits until the rows have doubled: the total cost is about that of the last drop.
    """

    def __init__(self, games: int) -> None:
        self.games, self.limit = games, LAST
        self.parts: list[pa.Table] = []
        self.held, self.most = 0, SLACK * games

    def add(self, rows: pa.Table) -> None:
        """Add ``rows``, which have a column ``order`` (uint64)."""
        rows = rows.filter(pc.less_equal(rows["order"], pa.scalar(self.limit, pa.uint64())))
        if rows.num_rows:
            self.parts.append(rows)
            self.held += rows.num_rows
        if self.held > self.most:
            self._drop()
            self.most = SLACK * max(self.games, self.held)

    def rows(self) -> list[dict[str, Any]]:
        """The rows, by order and then by puzzle; the file's own order does not matter."""
        self._drop()
        if not self.parts:
            return []
        table = self.parts[0].sort_by([("order", "ascending"), ("PuzzleId", "ascending")])
        return table.drop_columns(["order"]).to_pylist()

    def _drop(self) -> None:
        """Lower the limit to the last game wanted, and keep what is below it."""
        if not self.parts:
            return
        table = pa.concat_tables(self.parts)
        places: NDArray[np.uint64] = np.unique(table["order"].to_numpy())
        if len(places) > self.games:
            self.limit = places[self.games - 1]
            table = table.filter(pc.less_equal(table["order"], pa.scalar(self.limit, pa.uint64())))
        self.parts, self.held = [table.combine_chunks()], table.num_rows
