"""Thinning the larger class of a data set: where one answer is right more often than 55 in 100, chance is
no half, and a floor for teachers says little."""

from __future__ import annotations

import hashlib


def kept(text: str, share: float) -> bool:
    """Whether a hash of its content keeps an item of a class of which ``share`` is wanted."""
    digest = hashlib.sha256(text.encode("utf8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
