"""Lichess puzzles of a band of ratings: the games that the zoo never saw, test games apart."""

from __future__ import annotations

from w2s_bench.reserve import lichess_test, reserved
from w2s_bench.sources import Held, HubSource, Row
from w2s_bench.task import Example, Task, TaskCard
from w2s_bench.tasks.chess._position import best_move

ALL = (0, 10_000)


def lichess(name: str, band: tuple[int, int] = ALL) -> Task:
    """Puzzles with ``band[0] <= rating < band[1]``."""
    ratings = "all ratings" if band == ALL else f"ratings {band[0]} to {band[1]}"
    card = TaskCard(
        name=f"chess/{name}",
        domain="chess",
        version=2 if band == ALL else 1,
        title=f"Lichess puzzles of {ratings}, first move",
        source="hub Lichess/chess-puzzles",
        licence="CC0-1.0",
        citation="lichess.org open database; used for weak-to-strong by Burns et al. 2023",
        language="chess (FEN, UCI)",
        group="game (GameId)",
        size="40% of about 5 million puzzles on the hub, which grows",
        notes="Only games that a hash of their name reserves for tasks: the zoo was pretrained on lines of "
        "the others. Games from bucket 24 on are the test set. The hub replaces the files as puzzles are "
        "added: the commit of the day enters every key.",
    )
    low, high = band
    columns = ("GameId", "FEN", "Moves", "Rating")
    hub = HubSource(path="Lichess/chess-puzzles", revision="main", columns=columns)
    return Task(
        card=card,
        source=Held(source=hub, test=lambda row: lichess_test(row["GameId"])),
        example=example,
        group=lambda row: row["GameId"],
        keep=lambda row: low <= row["Rating"] < high and reserved(row["GameId"]),
    )


def example(row: Row) -> Example:
    """The opponent plays the line's first move; the second is the answer."""
    moves = row["Moves"].split()
    if len(moves) < 2:
        raise ValueError(f"line {row['Moves']!r} has no answer to the opponent's move")
    return best_move(row["FEN"], moves[0], moves[1], group=row["GameId"], rating=float(row["Rating"]))
