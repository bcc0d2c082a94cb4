"""Puzzles of our own making with the columns and types that the hub and the lichess database have.

Schemas were read in: Parquet rows of ``Lichess/chess-puzzles``; the README of ``EleutherAI/lichess-puzzles``
at its pinned commit (id, ctx, target, all text, every half-move numbered, a space before the target); the
header of ``lichess_db_puzzle.csv`` as database.lichess.org describes it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

Rows = tuple[dict[str, Any], ...]

COLUMNS = (
    "PuzzleId", "FEN", "Moves", "Rating", "RatingDeviation", "Popularity", "NbPlays", "Themes", "GameUrl",
    "OpeningTags",
)  # fmt: skip
TRAIN, TEST = 210, 90
THEMES = (["mate", "mateIn2", "short"], ["endgame", "long"], ["mate", "mateIn1"], ["opening", "endgame"])


@cache
def games() -> tuple[str, ...]:
    """Names of games that tasks train on, then of those that they test on."""
    from w2s_bench.reserve import lichess_test, reserved

    names = [n for n in (f"game{k:04}" for k in range(2000)) if reserved(n)]
    train, test = ([n for n in names if lichess_test(n) == side] for side in (False, True))
    return (*train[:TRAIN], *test[:TEST])


@cache
def played() -> tuple[tuple[dict[str, Any], str, str], ...]:
    """Puzzle, transcript, answer in SAN: random play; the answer is a capture where there is one."""
    import chess

    rng = Random(0)
    found = []
    for n, game in enumerate(games()):
        board, texts = chess.Board(), []
        for _ in range(4 + n % 9):
            texts.append(_push(board, rng.choice(sorted(board.legal_moves, key=str))))
        fen, last = board.fen(), rng.choice(sorted(board.legal_moves, key=str))
        texts.append(_push(board, last))
        legal = sorted(board.legal_moves, key=str)
        answer = next((move for move in legal if board.is_capture(move)), legal[0])
        san = f" {board.san(answer)}"
        found.append(
            (_puzzle(n, game, fen, f"{last} {answer}{_more(board, answer, n)}"), " ".join(texts), san)
        )
    return tuple(found)


def _more(board: Any, answer: Any, n: int) -> str:
    """A reply and another answer for up to two more moves of the solver."""
    rng, more = Random(n), []
    board.push(answer)
    for _ in range(2 * (n % 3)):
        if not board.is_game_over():
            more.append(rng.choice(sorted(board.legal_moves, key=str)))
            board.push(more[-1])
    return "".join(f" {move}" for move in more[: len(more) // 2 * 2])


def _push(board: Any, move: Any) -> str:
    """Play a move; its text has the number that a game record would give it."""
    text = f"{board.fullmove_number}{'.' if board.turn else '...'} {board.san(move)}"
    board.push(move)
    return text


def _puzzle(n: int, game: str, fen: str, line: str) -> dict[str, Any]:
    return {
        "PuzzleId": f"p{n:04}",
        "GameId": game,
        "FEN": fen,
        "Moves": line,
        "Rating": 800 + 10 * (37 * n % 160),
        "RatingDeviation": 80,
        "Popularity": 90,
        "NbPlays": 200,
        "Themes": THEMES[n % 4],
        "OpeningTags": ["Some_Opening"] if n % 2 else None,
    }


def puzzles() -> Rows:
    """As ``Lichess/chess-puzzles``."""
    return tuple(puzzle for puzzle, _, _ in played())


def transcripts() -> Rows:
    """As ``EleutherAI/lichess-puzzles``, and one whose puzzle the database no longer has."""
    rows = [{"id": p["PuzzleId"], "ctx": ctx, "target": target} for p, ctx, target in played()]
    return (*rows, {"id": "gone0", "ctx": "1. e4", "target": " e5"})


def line(puzzle: dict[str, Any]) -> str:
    """A puzzle as a line of the database's file."""
    more = {"GameUrl": f"https://lichess.org/{puzzle['GameId']}/black#31"}
    values = {**puzzle, **more}
    return ",".join(_field(values[name]) for name in COLUMNS)


def _field(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def write_database(path: Path, lines: list[str], header: str = ",".join(COLUMNS)) -> None:
    """A file as lichess gives it: lines of text below a header, in zstd."""
    import pyarrow

    path.parent.mkdir(parents=True, exist_ok=True)
    with pyarrow.output_stream(str(path), compression="zstd") as stream:
        stream.write("".join(f"{text}\n" for text in (header, *lines)).encode())


def write_databases(root: Path) -> None:
    """The newer file with all puzzles, the older one without the last 40 games, which are test games."""
    lines = [line(puzzle) for puzzle in puzzles()]
    write_database(root / "lichess/lichess_db_puzzle.csv.zst", lines)
    write_database(root / "lichess/cutoff/lichess_db_puzzle.csv.zst", lines[:-40])


def sets() -> dict[str, dict[str, dict[str, Rows]]]:
    """Data sets of the hub by name, configuration and split."""
    return {
        "Lichess/chess-puzzles": {"default": {"train": puzzles()}},
        "EleutherAI/lichess-puzzles": {"default": {"train": transcripts()}},
    }
