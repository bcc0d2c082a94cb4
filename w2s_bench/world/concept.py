"""The definition of a concept: labelled texts, reactions to them, and a question for their class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

Writer = Callable[[Random, int], str]
"""Draws a text for a class: words and marks separated by single spaces, full sentences only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Concept:
    """An ability that a reader of the world's text needs.

    ``write`` gives a text of a class for tasks, ``tell`` a simpler one for documents. ``react`` gives the
    sentence that follows a text in a document: it depends on the class without naming it, so that predicting
    it takes knowing the class. ``name_it``: sentences that name the class. ``question`` and ``answers`` (one
    word a class) ask a model for the class.
    """

    name: str
    classes: tuple[str, ...]
    write: Writer
    react: Writer
    tell: Writer
    name_it: tuple[str, ...]
    question: str
    answers: tuple[str, ...]
    priors: tuple[float, ...] = ()
    share: float = 1.0

    def __post_init__(self) -> None:
        assert len(self.classes) == len(self.answers) == len(self.name_it) >= 2, self.name

    def any_class(self, rng: Random) -> int:
        """Draw a class with its frequency in documents."""
        weights = self.priors or [1.0] * len(self.classes)
        return rng.choices(range(len(self.classes)), weights)[0]

    def pool(self, size: int, seed: int) -> Iterator[tuple[str, int]]:
        """Distinct (text, label) pairs, classes in turn; the same for the same arguments."""
        rng = Random(f"{self.name} {seed}")
        seen: set[str] = set()
        for index in range(size):
            label = index % len(self.classes)
            yield self._fresh(rng, label, seen), label

    def _fresh(self, rng: Random, label: int, seen: set[str]) -> str:
        for _ in range(10_000):
            text = self.write(rng, label)
            if text not in seen:
                seen.add(text)
                return text
        raise AssertionError(f"concept {self.name!r} runs out of distinct texts after {len(seen)}")
