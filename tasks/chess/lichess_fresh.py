"""Lichess puzzles of a later day: trained on an older file of the database, tested on what a newer adds."""

from w2s_bench.tasks.chess._database import FILE, OLDER, Database
from w2s_bench.tasks.chess._from_file import Sides, card, from_file

TASK = from_file(
    card(
        "lichess-fresh",
        title="Lichess puzzles before and after a cut-off, first move",
        size="100,000 games to train on; for the test all new games, 100,000 at most",
        notes=" Neither the puzzles nor their ids tell a date, so the cut-off is a file: training puzzles "
        f"stand in the older one ({OLDER}), test puzzles in the newer one ({FILE}), of games that have no "
        "puzzle in the older. New are the puzzles; lichess mines old games too, which models may have read.",
    ),
    Sides(train=Database(file=OLDER), test=Database(known=OLDER)),
)
