"""Texts as group keys: written alike but for case and punctuation, or beginning alike."""

from __future__ import annotations

import re


def normalised(text: str) -> str:
    """The words in lower case, one space between; the text itself if it has no words."""
    return " ".join(_words(text)) or text.strip()


def first_words(text: str, count: int) -> str:
    """The first words, in lower case: alike scenarios begin alike. Errors: ValueError without any."""
    words = _words(text)
    if not words:
        raise ValueError("no words in the text")
    return " ".join(words[:count])


def same_words(text: str) -> str:
    """The words in alphabetical order: equal for sentences that differ in the order of words only."""
    return " ".join(sorted(_words(text))) or text.strip()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
