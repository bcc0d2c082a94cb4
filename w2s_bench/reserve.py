"""Which chess games belong to tasks and which to pretraining: a fixed function of the game's name."""

from __future__ import annotations

import hashlib

RESERVED = 40  # percent of lichess games whose puzzles are for tasks alone
LICHESS_TEST = 24  # of these, games from this bucket on are test games; no recipe was chosen on them
TACTICS_TEST = 60  # the same for games of the generated tactics


def bucket(source: str, game: str) -> int:
    """0–99: the first eight hexadecimal digits of SHA-256 of ``source:game``, modulo 100."""
    return int(hashlib.sha256(f"{source}:{game}".encode()).hexdigest()[:8], 16) % 100


def reserved(game: str) -> bool:
    """Whether a lichess game's puzzles are for tasks alone; none of their lines is pretrained on."""
    return bucket("lichess-puzzles", game) < RESERVED


def lichess_test(game: str) -> bool:
    """Whether the puzzles of a reserved lichess game are test items rather than training items."""
    return bucket("lichess-puzzles", game) >= LICHESS_TEST


def tactics_test(game: str) -> bool:
    """Whether the puzzles of a game of generated tactics are test items."""
    return bucket("tactics", game) >= TACTICS_TEST


def for_validation(source: str, game: str) -> bool:
    """Whether a pretraining game (2% of them) is for the validation loss; never a reserved game."""
    return bucket(f"validation-{source}", game) < 2
