"""Answers with a score each as pairs: rows of one prompt are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from w2s_bench.sources import Row, Source, hash_code


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """All pairs of rows with the same ``key``: rows ``key, one, two`` in the order of their first row.

    A row without a key stands alone, as ``one`` without ``two``, so that building it raises the error.
    """

    source: Source
    key: Callable[[Row], str]

    def has(self, split: str) -> bool:
        return self.source.has(split)

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        by_key: dict[str, list[Row]] = {}
        pairs: list[Row] = []
        for row in self.source.rows(split, mirror):
            try:
                by_key.setdefault(self.key(row), []).append(row)
            except (ValueError, LookupError, TypeError, AttributeError):
                pairs.append({"key": None, "one": row, "two": None})
        for key, rows in by_key.items():
            pairs += ({"key": key, "one": one, "two": two} for one, two in combinations(rows, 2))
        return pairs

    def fingerprint(self, mirror: Path | None) -> str:
        return f"paired:{hash_code((Path(__file__),))}:{self.source.fingerprint(mirror)}"
