"""A source that caches its rows, for callers that read a task several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from w2s_bench.sources import Row, Source


@dataclass(frozen=True, slots=True)
class Once:
    """Another source with its rows cached by split."""

    source: Source
    known: dict[str, Sequence[Row]] = field(default_factory=dict)

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        if split not in self.known:
            self.known[split] = self.source.rows(split, mirror)
        return self.known[split]

    def has(self, split: str) -> bool:
        return self.source.has(split)

    def fingerprint(self, mirror: Path | None) -> str:
        return self.source.fingerprint(mirror)
