"""Lichess puzzles that end in mate, in two moves or more: find the first of them."""

from w2s_bench.tasks.chess._lichess import lichess

TASK = lichess(
    "lichess-mates",
    theme="mate",
    but=("mateIn1",),
    companions=("chess/lichess-endgames",),
    findings=(("most common move", "mates are given at a few squares beside a castled king; chance is 3%"),),
    notes=" Mates in one are left out: several moves may mate, and only one of them is the line's.",
)
