"""Whole solution lines of lichess puzzles: every position in which the solver has to move is an item.

A test set for models finetuned on first moves. A line counts as solved when all of its moves are found.
"""

from __future__ import annotations

from collections.abc import Iterator

import chess

from w2s_bench.metric import LINE, LINE_LENGTH, LINES
from w2s_bench.reserve import LICHESS_TEST, RESERVED, bucket
from w2s_bench.sources import Expanded, HubSource, Row
from w2s_bench.task import Example, Task
from w2s_bench.tasks.chess._lichess import GROWS, puzzle_card
from w2s_bench.tasks.chess._position import best_move

FROM = 36  # of the test games these buckets give lines: 4 of 100 games of the hub are many enough
assert LICHESS_TEST <= FROM < RESERVED


def positions(row: Row) -> Iterator[Row]:
    """A row for each unforced move of the solver, for a puzzle of these games.

    ``FEN`` and ``Moves`` are of that move and the one before it, ``Of`` is the number of such moves. Errors:
    ValueError for a line that ends with the opponent's move, or an illegal move.
    """
    if not row["GameId"]:
        raise ValueError("the row names no game")
    if FROM <= bucket("lichess-puzzles", row["GameId"]) < RESERVED:
        choices = list(_choices(row["FEN"], row["Moves"]))
        for fen, moves in choices:
            yield {**row, "FEN": fen, "Moves": moves, "Of": len(choices)}


def _choices(fen: str, line: str) -> Iterator[tuple[str, str]]:
    """For each move of the opponent with several answers: the position before it, and it with its answer."""
    board, moves = chess.Board(fen), line.split()
    if len(moves) < 2 or len(moves) % 2:
        raise ValueError(f"line {line!r} does not end with a move of the solver")
    for opponent, solver in zip(moves[::2], moves[1::2], strict=True):
        before = board.fen()
        board.push(board.parse_uci(opponent))
        if board.legal_moves.count() > 1:
            yield before, f"{opponent} {solver}"
        board.push(board.parse_uci(solver))


def example(row: Row) -> Example:
    """The opponent's move is played; the solver's next one is the answer."""
    last, answer = row["Moves"].split()
    tags: dict[str, str | float] = {LINE: row["PuzzleId"], LINE_LENGTH: float(row["Of"])}
    return best_move(row["FEN"], last, answer, group=row["GameId"], rating=float(row["Rating"]), **tags)


HUB = HubSource(
    path="Lichess/chess-puzzles",
    revision="main",
    columns=("PuzzleId", "GameId", "FEN", "Moves", "Rating"),
    train=(),
    test="train",
)
TASK = Task(
    card=puzzle_card(
        "lichess-lines",
        title="Lichess puzzles of all ratings, the whole solution line",
        size="4% of about 5 million puzzles on the hub, which grows; 2.5 items a puzzle",
        metric=LINES,
        test_only=True,
        notes="Lines of reserved test games from bucket 36 on, of games that the task's own test set does "
        "not show. An item is the position after the opponent's move of the line, whatever was "
        "answered before, unless one move alone is legal; a line is solved when all of its moves "
        "are right. Of another mate in one than the line's, lichess would say that it is right; "
        "here it is not." + GROWS,
    ),
    source=Expanded(source=HUB, expand=positions),
    example=example,
    group=lambda row: row["GameId"],
)
