"""The pretraining corpus: every source once as a compact array, without any position that a task shows."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import chess
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from w2s_bench.benchmarks.zoo.chess.fast_board import Replay, orient
from w2s_bench.reserve import bucket, for_validation, reserved

BOOK_PLIES, LAST_PLY = 12, 150  # of engine matches: opening book before, shuffling after
Game = tuple[str, list[bytes]]  # its name and the rows of its positions
Rows = NDArray[np.uint8]


def selfplay(files: Iterable[Path], without: frozenset[str]) -> Iterator[Game]:
    """Games of the tactics maker's files but those named in ``without``; random moves are no targets."""
    for path in files:
        with gzip.open(path, "rt", encoding="utf8") as file:
            for record in map(json.loads, file):
                if record["game"] not in without:
                    yield record["game"], _play(record["moves"].split(), set(record["random_plies"]))


def tcec(path: Path, percent: int) -> Iterator[Game]:
    """Engine matches from the usual start, a fixed ``percent`` of them."""
    with pa.input_stream(str(path), compression="zstd") as stream:
        for number, line in enumerate(io.TextIOWrapper(stream, "utf8")):
            name = f"{number:05d}"
            record = json.loads(line)
            if bucket("tcec", name) >= percent or record["variant"] or record["fen"]:
                continue
            moves = _uci(record["moves"].split())
            if moves:
                yield name, _play(moves, set(range(BOOK_PLIES)))


def lines(puzzles: pd.DataFrame) -> Iterator[Game]:
    """Solution lines of unreserved games from the third move on: never a puzzle's answer."""
    for game, fen, line in zip(puzzles.GameId, puzzles.FEN, puzzles.Moves, strict=True):
        if not reserved(game):
            yield game, _play(line.split(), {0, 1}, fen)


def task_positions(puzzles: pd.DataFrame, tactics: pd.DataFrame) -> Rows:
    """What the tasks show: reserved lichess puzzles and all generated ones, the answers left out."""
    shown = [
        (f, m.split()[0])
        for g, f, m in zip(puzzles.GameId, puzzles.FEN, puzzles.Moves, strict=True)
        if reserved(g)
    ]
    shown += list(zip(tactics.fen, tactics.last_move, strict=True))
    rows = []
    for fen, last in shown:
        replay = Replay(fen)
        replay.push(last)
        rows.append(replay.row(None))
    return orient(b"".join(rows))


def keys(rows: Rows) -> set[bytes]:
    """Names of positions: the 64 squares as the side to move sees them, whatever led there."""
    return {squares.tobytes() for squares in rows[:, :64]}


def without(rows: Rows, shown: set[bytes]) -> Rows:
    """Rows whose position is not among ``shown``."""
    return rows[np.fromiter((r.tobytes() not in shown for r in rows[:, :64]), bool, len(rows))]


def save(source: str, games: Iterable[Game], shown: set[bytes], folder: Path) -> dict[str, int]:
    """Write ``source``-train.npy and -validation.npy; returns how many rows there were and are."""
    parts: dict[str, list[bytes]] = {"train": [], "validation": []}
    for name, rows in games:
        parts["validation" if for_validation(source, name) else "train"] += rows
    count: dict[str, int] = {}
    for part, raw in parts.items():
        encoded = orient(b"".join(raw))
        rows = without(encoded, shown)
        np.save(folder / f"{source}-{part}.npy", rows)
        count |= {part: len(rows), f"{part} dropped": len(encoded) - len(rows)}
    return count


def _play(moves: list[str], skipped: set[int], fen: str = chess.STARTING_FEN) -> list[bytes]:
    replay, rows = Replay(fen), []
    for ply, uci in enumerate(moves[:LAST_PLY]):
        if ply not in skipped:
            rows.append(replay.row(uci))
        replay.push(uci)
    return rows


def _uci(san: list[str]) -> list[str]:
    """Moves in UCI; nothing where the record breaks off in an illegal move."""
    board, moves = chess.Board(), []
    for text in san[:LAST_PLY]:
        try:
            moves.append(board.push_san(text).uci())
        except ValueError:
            return []
    return moves
