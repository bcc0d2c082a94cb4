"""Puzzles as transcripts of their games in SAN; the puzzle's id gives the name of the game."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chess
import pyarrow as pa

from w2s_bench.errors import BadData
from w2s_bench.reserve import lichess_test, reserved
from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Example

NUMBER = re.compile(r"\d+\.+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcripts:
    """Rows of ``transcripts`` (id, ctx, target) with GameId and Rating of that id's puzzle in ``puzzles``.

    Only puzzles of reserved games are joined, those of test games for the test split.
    """

    transcripts: HubSource
    puzzles: HubSource

    @property
    def columns(self) -> tuple[str, ...]:
        return self.transcripts.columns + self.puzzles.columns

    def has(self, split: str) -> bool:
        return split in ("train", "test")

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        """Rows in the order of ids. Errors: BadData if no transcript belongs to a puzzle of that side."""
        texts = pa.concat_tables(map(_plain, self.transcripts.tables("train", mirror)))
        tables = [_side(_plain(t), split == "test") for t in self.puzzles.tables("train", mirror)]
        joined = texts.join(pa.concat_tables(tables), "id", "PuzzleId", "inner").sort_by("id")
        if not joined.num_rows:
            raise BadData(
                "no transcript belongs to a puzzle of a reserved game",
                where=f"{self.transcripts.path} and {self.puzzles.path} ({split})",
                expected="ids of puzzles in both",
            )
        rows: list[dict[str, Any]] = joined.to_pylist()
        return rows

    def fingerprint(self, mirror: Path | None) -> str:
        return f"joined:{self.transcripts.fingerprint(mirror)}:{self.puzzles.fingerprint(mirror)}"

    def describe(self) -> dict[str, Any]:
        sets = (self.transcripts, self.puzzles)
        return {
            "hub": [s.path for s in sets],
            "revision": [s.revision for s in sets],
            "columns": list(self.columns),
        }


def _plain(table: pa.Table) -> pa.Table:
    """The table with plain string and integer types, because a join compares types too."""
    types = [pa.int64() if pa.types.is_integer(f.type) else pa.string() for f in table.schema]
    return table.cast(pa.schema(zip(table.schema.names, types, strict=True)))


def _side(puzzles: pa.Table, test: bool) -> pa.Table:
    games = map(str, puzzles["GameId"].to_pylist())
    return puzzles.filter(pa.array([reserved(g) and lichess_test(g) == test for g in games]))


def example(row: Row) -> Example:
    """The transcript is replayed; options are the legal moves in SAN, gold is ``target``.

    Errors: ValueError with the move that is illegal, and where.
    """
    transcript = row["ctx"].strip()
    board = chess.Board()
    for san in NUMBER.sub(" ", transcript).split():
        try:
            board.push_san(san)
        except ValueError:
            raise ValueError(f"move {san!r} is not legal in {board.fen()!r}") from None
    if not board.move_stack:
        raise ValueError("the transcript holds no move")
    options = tuple(sorted(board.san(move) for move in board.legal_moves))
    target = row["target"].strip()
    if target not in options:
        raise ValueError(f"move {target!r} is not legal in {board.fen()!r}")
    return Example(
        prompt=transcript,
        options=options,
        gold=options.index(target),
        group=row["GameId"],
        position=f"{board.fen()} {board.peek().uci()}",
        tags={"rating": float(row["Rating"])},
    )
