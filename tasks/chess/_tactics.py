"""Generated tactics as tasks: test games apart, and one kind of games for each side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from w2s_bench.reserve import tactics_test
from w2s_bench.sources import Held, ParquetSource, Row
from w2s_bench.task import Example, Task, TaskCard
from w2s_bench.tasks.chess._position import best_move

COLUMNS = ("game", "fen", "last_move", "best_move", "difficulty", "kind")
FILE = Path(__file__).parent / "data" / "tactics.parquet"


def tactics(
    name: str,
    version: int,
    title: str,
    size: str,
    keep: Callable[[Row], bool] | None = None,
    notes: str = "",
    **facts: Any,
) -> Task:
    """Positions with one best move; games from bucket 60 on are the test set. ``facts`` are further fields of
    the card."""
    card = TaskCard(
        name=f"chess/{name}",
        domain="chess",
        version=version,
        title=title,
        source="shipped with the package; tasks/chess/tactics_maker makes it again",
        licence="MIT",
        citation="w2s-bench",
        language="chess (FEN, UCI)",
        group="game",
        size=size,
        notes="The best move wins at least 0.35 more in win chance than the second best, is not the best "
        "static capture and no recapture; the side to move is not in check." + notes,
        **facts,
    )
    return Task(
        card=card,
        source=Held(
            source=ParquetSource(file=FILE, columns=COLUMNS), test=lambda row: tactics_test(row["game"])
        ),
        example=example,
        group=lambda row: row["game"],
        keep=keep,
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
