"""Generated tactics with a forcing answer, easy to hard: labels on easier puzzles, tested on harder ones."""

from w2s_bench.reserve import tactics_test
from w2s_bench.sources import Row
from w2s_bench.tasks.chess._tactics import tactics

CUT = 2.2  # about the median of `difficulty`
FORCING = frozenset({"check", "mate", "mate1", "capture", "promotion"})


def keep(row: Row) -> bool:
    """A forcing answer; below the cut where a game trains, above it where it tests."""
    return row["kind"] in FORCING and (row["difficulty"] >= CUT) == tactics_test(row["game"])


TASK = tactics(
    "tactics-easy-to-hard",
    version=2,
    title="Forcing tactics from Stockfish self-play, trained on easier and tested on harder ones",
    size="about 3,900 easier puzzles to train on, 2,100 harder ones for the test",
    keep=keep,
    notes=" The answer is a check, a mate, a capture or a promotion. Training puzzles have a difficulty "
    "below 2.2, test puzzles one above. With quiet answers among them (version 1) the untrained student beat "
    "students with weak labels: on the hardest puzzles finetuning on easy ones only misleads.",
)
