"""Pseudo-legal moves of many positions at once, so that pretraining need not spend itself on the rules."""

from __future__ import annotations

import chess
import torch
from torch import Tensor

PAWN, KING = 1, 6


def _tables() -> tuple[Tensor, Tensor]:
    """``steps [7, 4096]``: which from–to pairs a piece could go on an empty board; ``between [4096]``: the
    squares a slider crosses, as bits. Pawns appear with all their moves."""
    steps = torch.zeros(7, 64, 64, dtype=torch.bool)
    for square in range(64):
        for kind in range(2, 7):
            board = chess.Board(None)
            board.set_piece_at(square, chess.Piece(kind, chess.WHITE))
            steps[kind, square, list(board.attacks(square))] = True
        rank, file = divmod(square, 8)
        if 0 < rank < 7:
            steps[PAWN, square, [8 * (rank + 1) + f for f in (file - 1, file, file + 1) if 0 <= f < 8]] = True
        if rank == 1:
            steps[PAWN, square, square + 16] = True
    steps[KING, 4, [2, 6]] = True
    crossed = [int(chess.between(a, b)) for a in range(64) for b in range(64)]
    signed = [c - 2**64 if c >= 2**63 else c for c in crossed]
    return steps.flatten(1), torch.tensor(signed)


STEPS, BETWEEN = _tables()
PAIRS = STEPS.any(0).nonzero()[:, 0]  # the 1,792 from–to pairs that some piece can go
STEPS, BETWEEN = STEPS[:, PAIRS], BETWEEN[PAIRS]
INDEX = torch.full((4096,), -1).index_copy(0, PAIRS, torch.arange(len(PAIRS)))
BITS = torch.tensor([1 << s if s < 63 else -(2**63) for s in range(64)])
ORIGIN, TARGET = PAIRS // 64, PAIRS % 64
STRAIGHT, SIXTH, COLUMN = TARGET % 8 == ORIGIN % 8, TARGET // 8 == 5, torch.arange(len(PAIRS))


def reachable(pieces: Tensor) -> Tensor:
    """``[B, 64]`` to ``[B, 1792]``: own piece, its way of moving, free path, no own piece at the end.

    King moves into check, pinned pieces and lost castling rights are not told; en passant counts as
    any pawn's diagonal step to the sixth rank.
    """
    own = (pieces >= 1) & (pieces <= 6)
    occupied = (BITS * (pieces > 0)).sum(1, keepdim=True)
    kind = torch.where(own, pieces, 0)[:, ORIGIN]
    goes = STEPS.flatten()[kind * len(PAIRS) + COLUMN] & ((BETWEEN & occupied) == 0) & ~own[:, TARGET]
    empty = (pieces == 0)[:, TARGET]
    return goes & ((kind != PAWN) | (empty == STRAIGHT) | (empty & SIXTH))
