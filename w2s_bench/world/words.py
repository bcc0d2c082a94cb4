"""Word lists with a frequency for each word: few are common, many are rare, as in real text."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import accumulate
from random import Random

WORLD_SEED = 7
"""Decides which words are common; another seed is another world with the same grammar."""


class Words:
    """A list of words (or phrases) to draw from; calling it draws one.

    Frequencies fall as 1/(rank + flat): a small ``flat`` gives a steep list, a large one an even list.
    """

    __slots__ = ("_cumulative", "words")

    def __init__(self, words: str | Iterable[str], *, flat: float = 8.0) -> None:
        listed = words.split() if isinstance(words, str) else list(words)
        assert len(set(listed)) == len(listed), f"a word stands twice: {sorted(listed)}"
        # The order, and with it the frequencies, depends on the list and the world's seed alone.
        Random(f"{WORLD_SEED} {' '.join(sorted(listed))}").shuffle(listed)
        self.words = tuple(listed)
        self._cumulative = list(accumulate(1 / (rank + flat) for rank in range(len(listed))))

    def __call__(self, rng: Random) -> str:
        """Draw one by frequency."""
        return self.words[bisect(self._cumulative, rng.random() * self._cumulative[-1])]

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)


def phrases(text: str) -> Words:
    """Phrases to draw from, given in one text and separated by semicolons."""
    return Words(" ".join(phrase.split()) for phrase in text.split(";"))


def several(rng: Random, words: Words, count: int) -> list[str]:
    """Draw ``count`` different words by frequency."""
    drawn: list[str] = []
    while len(drawn) < count:
        word = words(rng)
        if word not in drawn:
            drawn.append(word)
    return drawn


def chance(rng: Random, share: float) -> bool:
    """True in this share of the draws."""
    return rng.random() < share
