"""Lichess puzzles: find the best move in a position from a real game."""

from w2s_bench.tasks.chess._lichess import lichess

TASK = lichess("lichess", companions=("chess/lichess-lines",))
