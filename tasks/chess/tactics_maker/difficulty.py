"""A number that orders puzzles by how hard they are for players that hardly search.

Two things make a puzzle hard, and they are nearly unrelated. A policy network misses moves that
look unnatural: those of pieces that are not attacked, long ones, backward ones, one of very many.
A searcher misses moves whose point is deep, however natural they look. So difficulty is a sum:

* the surprise, in nats, that a small policy network is expected to feel at the solution. The
  weights are a least-squares fit, rounded, to the surprise of two convolutional networks (13
  thousand and 68 thousand parameters) that were pretrained on self-play moves and finetuned on
  puzzles of other games; the fit explains a fifth of the variance on held-out games;
* a quarter of a nat for each doubling of the nodes, from 128 on, after which the verifying search
  settles on the solution. Fitted to the networks this weight would be near zero; the larger one
  costs the order for networks next to nothing and makes the order hold for short searches too.

The number depends on the solution, so it may split or colour results but not serve as an input.
"""

import math

import chess

from w2s_bench.tasks.chess.tactics_maker.puzzles import position_of

CONSTANT = -1.2
WEIGHTS = {
    "doublings of legal moves": 0.8,
    "moved piece is attacked": -0.75,
    "ranks moved forward": -0.37,
    "squares moved": 0.3,
    "king move": 0.9,
    "promotion": -1.0,
    "check": -0.4,
    "target square is guarded": 0.25,
    "distance to the opponent's last move": 0.13,
    "pieces on the board": -0.03,
}
EASY_NODES = 128
NATS_PER_DOUBLING = 0.25


def looks_of(board: chess.Board, move: chess.Move) -> dict[str, float]:
    """How a move looks, without any search."""
    rise = chess.square_rank(move.to_square) - chess.square_rank(move.from_square)
    return {
        "doublings of legal moves": math.log2(board.legal_moves.count()),
        "moved piece is attacked": board.is_attacked_by(not board.turn, move.from_square),
        "ranks moved forward": max(0, rise if board.turn == chess.WHITE else -rise),
        "squares moved": chess.square_distance(move.from_square, move.to_square),
        "king move": board.piece_type_at(move.from_square) == chess.KING,
        "promotion": move.promotion is not None,
        "check": board.gives_check(move),
        "target square is guarded": board.is_attacked_by(not board.turn, move.to_square),
        "distance to the opponent's last move": chess.square_distance(move.to_square, board.peek().to_square),
        "pieces on the board": chess.popcount(board.occupied),
    }


def difficulty(puzzle: dict) -> float:
    """Expected surprise of a small policy network, plus what the depth of the point adds."""
    looks = looks_of(position_of(puzzle), chess.Move.from_uci(puzzle["best_move"]))
    surprise = CONSTANT + sum(WEIGHTS[name] * value for name, value in looks.items())
    doublings = math.log2(max(puzzle["settling_nodes"], EASY_NODES) / EASY_NODES)
    return surprise + NATS_PER_DOUBLING * doublings
