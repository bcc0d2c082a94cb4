"""Lichess puzzles rated 1400 to 2200: find the best move in a position from a real game."""

from w2s_bench.tasks.chess._lichess import lichess

TASK = lichess("lichess-1400-2200", (1400, 2200))
