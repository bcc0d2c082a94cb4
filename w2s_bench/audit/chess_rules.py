"""Chess: positions and moves must be legal, and simple guesses at the move must fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import chess

from w2s_bench.audit.finding import Finding, allowed, rate_text
from w2s_bench.audit.parts import Drawn
from w2s_bench.audit.shortcuts import accuracy, chance, frequencies, guess
from w2s_bench.task import Example

FREQUENT = 0.10  # points above chance for the most common move
CAPTURE = 0.30  # points above chance for the best static capture
VALUE = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9, chess.KING: 99}


def boards(drawn: Drawn) -> Iterator[Finding]:
    """Illegal positions and moves, most common move and destination, best static capture."""
    if drawn.card.domain != "chess":
        return
    drawn = replace(drawn, parts={name: [in_uci(e) for e in part] for name, part in drawn.parts.items()})
    yield _illegal([e for part in drawn.parts.values() for e in part])
    if drawn.training:
        yield _common(drawn, "most common move", 0)
        yield _common(drawn, "most common destination", 2)
    yield _capture(drawn.test)


def in_uci(example: Example) -> Example:
    """The example with its options in UCI, where they are in SAN; what is no legal move stays as it is."""
    if all(map(is_uci, example.options)):
        return example
    try:
        board = board_of(example)
    except ValueError:
        return example
    return replace(example, options=tuple(_uci(board, option) for option in example.options))


def is_uci(option: str) -> bool:
    """Whether the text is a move in UCI, legal or not; no move in SAN looks like it."""
    try:
        return bool(chess.Move.from_uci(option))
    except chess.InvalidMoveError:
        return False


def _uci(board: chess.Board, option: str) -> str:
    try:
        return option if is_uci(option) else board.parse_san(option).uci()
    except ValueError:
        return option


def board_of(example: Example) -> chess.Board:
    """The position to move in. Errors: ValueError for what is no FEN."""
    return chess.Board(" ".join((example.position or "").split()[:6]))


def wrong(example: Example) -> str | None:
    """What is illegal in an example, in words; None where all is legal."""
    try:
        board = board_of(example)
    except ValueError as error:
        return f"no position: {error}"
    if not board.is_valid():
        return f"position {board.fen()!r} is not valid"
    legal = {move.uci() for move in board.legal_moves}
    if strange := set(example.options) - legal:
        return f"{min(strange)} is not legal in {board.fen()!r}"
    return None


def _illegal(examples: list[Example]) -> Finding:
    reasons = [reason for reason in map(wrong, examples) if reason]
    text = f"{len(reasons)} of {len(examples)} positions are illegal or have an illegal option"
    text += f": {reasons[0]}" if reasons else ""
    return Finding("illegal moves", len(reasons) / len(examples), 0.0, text)


def _common(drawn: Drawn, check: str, start: int) -> Finding:
    counts = frequencies(drawn.training, lambda uci: uci[start:4])
    value, guessing = guess(drawn.test, lambda uci: counts[uci[start:4]]), chance(drawn.test)
    text = rate_text("it", value, "chance", guessing)
    return Finding(check, value, allowed(guessing + FREQUENT, len(drawn.test)), text)


def _capture(test: list[Example]) -> Finding:
    legal = [e for e in test if wrong(e) is None]
    scored = [([_gain(board, o) for o in e.options], e.gold) for e in legal for board in [board_of(e)]]
    value, guessing = accuracy(scored) if scored else 0.0, chance(test)
    what = "the capture worth most, less the taker where the square is guarded,"
    text = rate_text(what, value, "chance", guessing)
    return Finding("best static capture", value, allowed(guessing + CAPTURE, len(test)), text)


def _gain(board: chess.Board, uci: str) -> float:
    move = chess.Move.from_uci(uci)
    victim = chess.PAWN if board.is_en_passant(move) else board.piece_type_at(move.to_square)
    if victim is None:
        return 0.0
    taker = board.piece_type_at(move.from_square) or chess.PAWN
    guarded = board.is_attacked_by(not board.turn, move.to_square)
    return VALUE[victim] - (VALUE[taker] if guarded else 0)
