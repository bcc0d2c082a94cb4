"""Chess positions as arrays, always seen from the side to move."""

from __future__ import annotations

import re
from dataclasses import dataclass

import chess

from w2s_bench.task import Item

NO_SQUARE = 64
UCI = re.compile("[a-h][1-8][a-h][1-8][nbrq]?")  # no move in SAN looks like it


def board_before(item: Item) -> tuple[chess.Board, chess.Move | None]:
    """The position to move in, and the move that led to it if the item has it."""
    assert item.position is not None, f"chess item without position: {item.id}"
    *fen, last = item.position.split()
    if len(fen) < 6:
        fen, last = [*fen, last], ""
    return chess.Board(" ".join(fen)), chess.Move.from_uci(last) if last else None


def option_moves(item: Item, board: chess.Board) -> list[chess.Move]:
    """The options as moves, whether they are written in UCI or in SAN."""
    return [chess.Move.from_uci(o) if UCI.fullmatch(o) else board.parse_san(o) for o in item.options]


def flip(square: int, white: bool) -> int:
    """The square seen from the side to move, whose own first rank is rank 1."""
    return square if white else square ^ 56


@dataclass(frozen=True, slots=True)
class Seen:
    """A position in numbers: ``pieces [64]`` (0 empty, 1–6 own, 7–12 theirs), castling rights (4 bits),
    en-passant file (0 none, 1–8), from and to square of the last move (64: unknown)."""

    pieces: list[int]
    castling: int
    en_passant: int
    last_from: int
    last_to: int


def see(board: chess.Board, last: chess.Move | None) -> Seen:
    """Encode a position from the side to move."""
    white = board.turn
    pieces = [0] * 64
    for square, piece in board.piece_map().items():
        pieces[flip(square, white)] = piece.piece_type + (0 if piece.color == white else 6)
    rights = [
        board.has_kingside_castling_rights(white),
        board.has_queenside_castling_rights(white),
        board.has_kingside_castling_rights(not white),
        board.has_queenside_castling_rights(not white),
    ]
    return Seen(
        pieces,
        sum(1 << k for k, right in enumerate(rights) if right),
        chess.square_file(board.ep_square) + 1 if board.ep_square is not None else 0,
        flip(last.from_square, white) if last else NO_SQUARE,
        flip(last.to_square, white) if last else NO_SQUARE,
    )
