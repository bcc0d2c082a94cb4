"""Lichess puzzles rated 600 to 1400: find the best move in a position from a real game."""

from w2s_bench.tasks.chess._lichess import lichess

TASK = lichess("lichess-600-1400", (600, 1400), companions=("chess/lichess-1400-2200",))
