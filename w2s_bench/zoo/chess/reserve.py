"""Which games belong to tasks and which to pretraining: a fixed function of the game's name."""

from __future__ import annotations

import hashlib

RESERVED_PERCENT = 40
DEVELOPMENT_PERCENT = 24


def bucket(source: str, game: str) -> int:
    """0–99: the first eight hexadecimal digits of SHA-256 of ``source:game``, modulo 100."""
    return int(hashlib.sha256(f"{source}:{game}".encode()).hexdigest()[:8], 16) % 100


def reserved(game: str) -> bool:
    """Lichess games whose puzzles are for tasks alone; no line of theirs is ever pretrained on."""
    return bucket("lichess-puzzles", game) < RESERVED_PERCENT


def for_development(game: str) -> bool:
    """The part of the reserved games on which recipes may be chosen; the rest is for frozen suites."""
    return bucket("lichess-puzzles", game) < DEVELOPMENT_PERCENT


def for_validation(source: str, game: str) -> bool:
    """Pretraining games (2%) kept for the validation loss; never a reserved game."""
    return bucket(f"validation-{source}", game) < 2
