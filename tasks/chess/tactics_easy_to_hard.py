"""Generated tactics, easy to hard: labels on the easier puzzles, tested on the harder ones."""

from w2s_bench.reserve import tactics_test
from w2s_bench.sources import Row
from w2s_bench.tasks.chess._tactics import tactics

CUT = 2.39  # the 60th percentile of `difficulty` over all puzzles


def keep(row: Row) -> bool:
    """Below the cut where a game trains, above it where it tests."""
    return (row["difficulty"] >= CUT) == tactics_test(row["game"])


TASK = tactics(
    "tactics-easy-to-hard",
    version=1,
    title="Tactics from Stockfish self-play, trained on easier ones and tested on harder ones",
    size="about 8,000 easier puzzles to train on, 3,500 harder ones for the test",
    keep=keep,
    notes=" Training puzzles have a difficulty below 2.39, test puzzles one above.",
)
