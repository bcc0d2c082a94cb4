"""The file of the lichess puzzle database as a source: read as a stream, never unpacked.

A task needs some thousands of five million puzzles. Batches are filtered as they are read (by the side of the
game, ratings, games of an older file), and a bounded pool keeps the first games by hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from w2s_bench.errors import BadData
from w2s_bench.reserve import LICHESS_TEST, RESERVED, bucket
from w2s_bench.sources import Row, hash_code
from w2s_bench.tasks.chess._puzzle_pool import PuzzlePool, order

FILE = "lichess/lichess_db_puzzle.csv.zst"
OLDER = "lichess/cutoff/lichess_db_puzzle.csv.zst"
COLUMNS = ("PuzzleId", "FEN", "Moves", "Rating", "GameUrl")
GAMES = 100_000  # of each side
BLOCK = 4 << 20  # bytes of text at a time
SIDES = {"train": (0, LICHESS_TEST), "test": (LICHESS_TEST, RESERVED)}
CODE = (Path(__file__), Path(__file__).with_name("_puzzle_pool.py"))
Places = NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """Rows ``PuzzleId, GameId, FEN, Moves, Rating`` of at most ``games`` reserved games of each side.

    ``file`` and ``known`` are paths below the mirror; games that have a puzzle in ``known`` are left out. An
    invalid rating is None and a missing game is "": such rows stay, and building them raises the error.
    """

    file: str = FILE
    ratings: tuple[int, int] = (0, 10_000)
    games: int = GAMES
    known: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def has(self, split: str) -> bool:
        return split in SIDES

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        """Rows in the order of a hash of the game. Errors: BadData for an absent, damaged or other file."""
        path = _path(self.file, mirror)
        old = known_games(_path(self.known, mirror)) if self.known else None
        pool = PuzzlePool(self.games)
        for batch in batches(path):
            pool.add(_side(self._rated(batch), SIDES[split], old))
        return pool.rows()

    def fingerprint(self, mirror: Path | None) -> str:
        files = [_path(name, mirror) for name in (self.file, self.known) if name]
        return f"lichess-database:{self.ratings}:{self.games}:{hash_code(CODE)}:{hash_code(files)}"

    def describe(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "columns": list(self.columns),
            "ratings": list(self.ratings),
            "games of each side, at most": self.games,
            "without games of": self.known or "no other file",
        }

    def _rated(self, batch: pa.Table) -> pa.Table:
        low, high = self.ratings
        inside = pc.and_(pc.greater_equal(batch["Rating"], low), pc.less(batch["Rating"], high))
        return batch.filter(pc.fill_null(inside, True))


def batches(path: Path) -> Iterator[pa.Table]:
    """Tables of some ten thousand rows with GameId in place of GameUrl. Errors: BadData."""
    reading = pa.csv.ReadOptions(use_threads=False, block_size=BLOCK)
    types = dict.fromkeys(COLUMNS, pa.string())
    columns = pa.csv.ConvertOptions(include_columns=list(COLUMNS), column_types=types)
    try:
        with pa.input_stream(str(path), compression="zstd") as stream:
            yield from map(_table, pa.csv.open_csv(stream, read_options=reading, convert_options=columns))
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        reason = " ".join(str(error).strip("'").split())[:200]
        raise BadData(
            f"the lichess database cannot be read: {reason}",
            where=str(path),
            expected=f"a whole zstd file of comma-separated lines with the columns {', '.join(COLUMNS)}",
            mend="download it again; a file that is cut or damaged gives no rows at all",
        ) from None


def _table(batch: pa.RecordBatch) -> pa.Table:
    """Ratings as numbers or null, games as the eight characters of their address or ""."""
    table = pa.Table.from_batches([batch])
    number = pc.match_substring_regex(table["Rating"], "^[0-9]{1,5}$")
    rating = pc.cast(pc.if_else(number, table["Rating"], None), pa.int32())
    match = pc.extract_regex(table["GameUrl"], r"^https://lichess\.org/(?P<game>[A-Za-z0-9]{8})\b")
    game = pc.fill_null(pc.struct_field(match, "game"), "")
    names = ["PuzzleId", "GameId", "FEN", "Moves", "Rating"]
    return pa.table([table["PuzzleId"], game, table["FEN"], table["Moves"], rating], names)


def _side(table: pa.Table, side: tuple[int, int], old: Places | None) -> pa.Table:
    """Rows of games of the side that are not in ``old``, with their order; rows without a game train."""
    low, high = side
    games = table["GameId"].to_pylist()
    keep = np.array([low <= bucket("lichess-puzzles", g) < high if g else low == 0 for g in games], bool)
    if old is not None:
        packed = _packed(table["GameId"])
        keep &= (packed == 0) | ~np.isin(packed, old)
    table = table.filter(pa.array(keep))
    names = zip(table["GameId"].to_pylist(), table["PuzzleId"].to_pylist(), strict=True)
    return table.append_column("order", pa.array([order(g or f"?{p}") for g, p in names], pa.uint64()))


def known_games(path: Path) -> Places:
    """All games that have a puzzle in a database file, as sorted numbers."""
    parts = [np.unique(_packed(batch["GameId"])) for batch in batches(path)]
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.uint64)


def _packed(games: pa.ChunkedArray) -> Places:
    """Eight characters as one number ``[N]``; 0 for no game."""
    return games.to_numpy().astype("S8").view(">u8").astype(np.uint64)


def _path(name: str, mirror: Path | None) -> Path:
    absent = partial(BadData, expected=f"the file {name}")
    here = Path(name)
    mend = f"download {here.name} from database.lichess.org to DIR/{here.parent}, and give --hub DIR"
    if mirror is None:
        raise absent("the lichess database is a file on this machine, and no folder was given", mend=mend)
    if not (mirror / name).is_file():
        raise absent("the lichess database is not in the folder", where=str(mirror), mend=mend)
    return mirror / name
