"""Generated tactics: positions from engine self-play with one best move; nothing to download."""

from pathlib import Path

from w2s_bench.sources import ParquetSource, Row
from w2s_bench.task import Example, Task, TaskCard
from w2s_bench.tasks.chess._position import best_move

CARD = TaskCard(
    name="chess/tactics-generated",
    domain="chess",
    version=1,
    title="Tactics from Stockfish self-play",
    source="shipped with the package; tasks/chess/tactics_maker makes it again",
    licence="MIT",
    citation="w2s-bench",
    language="chess (FEN, UCI)",
    group="game",
    size="22,120 puzzles from 14,913 games",
    notes="The best move wins at least 0.35 more in win chance than the second best, is not the best "
    "static capture and no recapture; the side to move is not in check.",
)


def example(row: Row) -> Example:
    """The opponent's last move is played; the engine's one best move is the answer."""
    return best_move(
        row["fen"],
        row["last_move"],
        row["best_move"],
        group=row["game"],
        difficulty=float(row["difficulty"]),
        kind=row["kind"],
    )


TASK = Task(
    card=CARD,
    source=ParquetSource(
        file=Path(__file__).parent / "data" / "tactics.parquet",
        columns=("game", "fen", "last_move", "best_move", "difficulty", "kind"),
    ),
    example=example,
    group=lambda row: row["game"],
)
