"""Generated tactics: positions from engine self-play with one best move; nothing to download."""

from w2s_bench.tasks.chess._tactics import tactics

TASK = tactics(
    "tactics-generated",
    version=2,
    title="Tactics from Stockfish self-play",
    size="22,120 puzzles from 14,913 games, two fifths of the games for the test",
    standing="development",
)
