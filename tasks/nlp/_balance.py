"""Thinning of the larger class where it holds more than 55% of a data set, so that chance is about a half."""

from __future__ import annotations

import hashlib


def kept(text: str, share: float) -> bool:
    """Whether a hash of its content keeps an item of a class of which ``share`` is wanted."""
    digest = hashlib.sha256(text.encode("utf8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
