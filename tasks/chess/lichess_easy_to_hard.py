"""Lichess puzzles, easy to hard: labels on puzzles rated below 1400, tested on those from 1800 on."""

from w2s_bench.tasks.chess._lichess import lichess

TASK = lichess("lichess-easy-to-hard", (0, 1400), test=(1800, 4000))
