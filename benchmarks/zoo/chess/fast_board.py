"""A fast board for replaying known games: no legality, only what :func:`w2s_bench.models._board.see` shows.

A row has 71 bytes: 64 pieces as the side to move sees them, castling, en-passant file, last move
(from, to), then the target move (from, to, promotion code).
"""

from __future__ import annotations

import chess
import numpy as np
from numpy.typing import NDArray

NO_SQUARE = 64
ROW = 71
LAST, MOVE, PROMOTION = 66, 68, 70  # columns of the last move, the target move, its promotion code
PIECES = {symbol: code for code, symbol in enumerate("PNBRQKpnbrqk", start=1)}
SQUARES = {chess.square_name(s): s for s in range(64)}
PROMOTES = {"q": 1, "r": 2, "b": 3, "n": 4}
PIECE_OF = (0, 5, 4, 3, 2)  # promotion code → white piece code
RIGHTS = {0: ~2, 4: ~3, 7: ~1, 56: ~8, 60: ~12, 63: ~4}  # a move from or to the square ends these


class Replay:
    """Pieces as white sees them (1–6 white, 7–12 black), rights KQkq in bits 0–3, the last move."""

    def __init__(self, fen: str = chess.STARTING_FEN) -> None:
        placed, turn, rights, *_ = fen.split()
        self.pieces = bytearray(64)
        for rank, line in enumerate(placed.split("/")):
            file = 0
            for symbol in line:
                if symbol in PIECES:
                    self.pieces[(7 - rank) * 8 + file] = PIECES[symbol]
                file += 1 if symbol in PIECES else int(symbol)
        self.white = turn == "w"
        self.rights = sum(1 << k for k, symbol in enumerate("KQkq") if symbol in rights)
        self.last = (NO_SQUARE, NO_SQUARE)
        self.doubled = False

    def push(self, uci: str) -> None:
        """Play a legal move on the board."""
        origin, target = SQUARES[uci[:2]], SQUARES[uci[2:4]]
        piece = self.pieces[origin]
        kind = piece if piece <= 6 else piece - 6
        self.doubled = kind == 1 and abs(target - origin) == 16
        if kind == 1 and (target - origin) % 8 and not self.pieces[target]:
            self.pieces[target - 8 if self.white else target + 8] = 0  # en passant
        if kind == 6 and abs(target - origin) == 2:
            self._rook(target)
        if len(uci) == 5:
            piece = PIECE_OF[PROMOTES[uci[4]]] + (0 if self.white else 6)
        self.pieces[origin], self.pieces[target] = 0, piece
        if self.rights:
            self.rights &= RIGHTS.get(origin, 15) & RIGHTS.get(target, 15)
        self.white, self.last = not self.white, (origin, target)

    def _rook(self, king: int) -> None:
        origin, target = (king + 1, king - 1) if king % 8 == 6 else (king - 2, king + 1)
        self.pieces[origin], self.pieces[target] = 0, self.pieces[origin]

    def en_passant(self) -> int:
        """File + 1 where an en-passant capture is legal, as ``Board.fen()`` tells it; else 0."""
        if not self.doubled:
            return 0
        target = self.last[1]
        pawn = 1 if self.white else 7
        beside = [s for s in (target - 1, target + 1) if s // 8 == target // 8]
        if all(self.pieces[s] != pawn for s in beside) or not self._board().has_legal_en_passant():
            return 0
        return target % 8 + 1

    def _board(self) -> chess.Board:
        board = chess.Board(None)
        for square, code in enumerate(self.pieces):
            if code:
                board.set_piece_at(square, chess.Piece((code - 1) % 6 + 1, code <= 6))
        board.turn, board.ep_square = self.white, sum(self.last) // 2
        return board

    def row(self, uci: str | None) -> bytes:
        """The position and its target move, still as white sees it, with the side to move in front."""
        move = (SQUARES[uci[:2]], SQUARES[uci[2:4]], PROMOTES.get(uci[4:], 0)) if uci else (0, 0, 0)
        tail = (self.rights, self.en_passant(), *self.last, *move)
        return bytes((self.white,)) + self.pieces + bytes(tail)


def orient(raw: bytes) -> NDArray[np.uint8]:
    """Rows of :meth:`Replay.row`, joined, turned to the side to move: ``[N, 71]``."""
    table = np.frombuffer(raw, np.uint8).reshape(-1, ROW + 1)
    white, rows = table[:, 0] == 1, table[:, 1:].copy()
    black = rows[~white]
    swap = np.array([0, *range(7, 13), *range(1, 7)], np.uint8)
    black[:, :64] = swap[black[:, :64].reshape(-1, 8, 8)[:, ::-1].reshape(-1, 64)]
    black[:, 64] = (black[:, 64] >> 2) | ((black[:, 64] & 3) << 2)
    for column in (LAST, LAST + 1, MOVE, MOVE + 1):
        black[:, column] = np.where(black[:, column] < 64, black[:, column] ^ 56, NO_SQUARE)
    rows[~white] = black
    return rows
