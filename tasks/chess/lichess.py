"""Lichess puzzles: find the best move in a position from a real game."""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Example, Task, TaskCard
from w2s_bench.tasks.chess._position import best_move

CARD = TaskCard(
    name="chess/lichess",
    domain="chess",
    version=1,
    title="Lichess puzzles of all ratings, first move",
    source="hub Lichess/chess-puzzles",
    licence="CC0-1.0",
    citation="lichess.org open database; used for weak-to-strong by Burns et al. 2023",
    language="chess (FEN, UCI)",
    group="game (GameId)",
    size="about 5 million puzzles on the hub, which grows",
    notes="The hub replaces the files as puzzles are added: the commit of the day enters every key.",
)


def example(row: Row) -> Example:
    """The opponent plays the line's first move; the second is the answer."""
    moves = row["Moves"].split()
    if len(moves) < 2:
        raise ValueError(f"line {row['Moves']!r} has no answer to the opponent's move")
    return best_move(row["FEN"], moves[0], moves[1], group=row["GameId"], rating=float(row["Rating"]))


TASK = Task(
    card=CARD,
    source=HubSource(
        path="Lichess/chess-puzzles",
        revision="main",
        columns=("GameId", "FEN", "Moves", "Rating"),
    ),
    example=example,
    group=lambda row: row["GameId"],
)
