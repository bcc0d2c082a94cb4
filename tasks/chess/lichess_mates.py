"""Lichess puzzles that end in mate, in two moves or more: find the first of them."""

from w2s_bench.tasks.chess._lichess import lichess

TASK = lichess(
    "lichess-mates",
    theme="mate",
    but=("mateIn1",),
    companions=("chess/lichess-endgames",),
    notes=" Mates in one are left out: several moves may mate, and only one of them is the line's.",
)
