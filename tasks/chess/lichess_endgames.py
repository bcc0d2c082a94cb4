"""Lichess puzzles from endgames: find the best move with few pieces left."""

from w2s_bench.tasks.chess._lichess import lichess

TASK = lichess(
    "lichess-endgames",
    theme="endgame",
    but=("mate",),
    companions=("chess/lichess-mates",),
    notes=" Puzzles that end in mate are left out, so that no puzzle is one of chess/lichess-mates as well.",
)
