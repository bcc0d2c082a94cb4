"""Lichess puzzles from the database's own file: read as a stream, nothing of the hub is needed."""

from w2s_bench.tasks.chess._database import Database
from w2s_bench.tasks.chess._from_file import card, from_file

TASK = from_file(
    card(
        "lichess-database",
        title="Lichess puzzles of all ratings from the database's file, first move",
        size="100,000 games for each side, of those that the file has",
    ),
    Database(),
)
