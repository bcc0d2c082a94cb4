"""Chess rows as choices: a position after the opponent's move, the legal moves, the best one."""

from __future__ import annotations

import chess

from w2s_bench.task import Example


def best_move(fen: str, last: str, answer: str, *, group: str, **tags: str | float) -> Example:
    """Play ``last`` (UCI) in ``fen``; the options are the legal moves then, gold is ``answer`` (UCI).

    The prompt is the position in FEN. Errors: ValueError with the position and its illegal move.
    """
    board = chess.Board(fen)
    if not board.is_valid():
        raise ValueError(f"position {fen!r} is not valid ({board.status()!r})")
    board.push(_legal(board, last))
    gold = _legal(board, answer)
    options = tuple(sorted(move.uci() for move in board.legal_moves))
    position = board.fen()
    return Example(
        prompt=f"{position} best move:",
        options=options,
        gold=options.index(gold.uci()),
        group=group,
        position=f"{position} {last}",
        tags=tags,
    )


def _legal(board: chess.Board, uci: str) -> chess.Move:
    try:
        move = board.parse_uci(uci)
    except ValueError:
        move = chess.Move.null()
    if not move:  # parse_uci lets the null move pass
        raise ValueError(f"move {uci!r} is not legal in {board.fen()!r}")
    return move
