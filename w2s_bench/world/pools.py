"""Pools of texts and preference pairs of the world that tasks may show.

A pool is a seed. Recipes are chosen on the development pool; the shipped tasks show the published one.
Pretraining sees neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from w2s_bench.world import agreement, pairs, polarity
from w2s_bench.world.concept import Concept, Writer
from w2s_bench.world.documents import CONCEPTS
from w2s_bench.world.words import Words

DEVELOPMENT, PUBLISHED = 0, 1
SIZE = 12_000  # texts of a concept, pairs of a kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Preference:
    """A kind of preference pairs: its requests, and the concept whose good sentences count."""

    concept: Concept
    requests: Words
    sentence: Writer

    def pool(self, size: int, seed: int) -> Iterator[pairs.Pair]:
        """Distinct pairs; the same for the same arguments."""
        return pairs.pool(self.requests, self.sentence, size, seed)


POLARITY = Preference(
    concept=polarity.POLARITY,
    sentence=polarity.sentence,
    requests=Words(
        f"please write a {word} review of the {place} ."
        for word in ("positive", "favourable")
        for place in ("hotel", "restaurant", "tour", "show")
    ),
)
AGREEMENT = Preference(
    concept=agreement.AGREEMENT,
    sentence=agreement.sentence,
    requests=Words(
        f"please write {word} sentences about {topic} ."
        for word in ("correct", "proper")
        for topic in ("animals", "people", "the farm", "the zoo")
    ),
)
PREFERENCES = (POLARITY, AGREEMENT)


def texts(size: int = SIZE) -> Iterator[str]:
    """Every text and every answer that a generated task may show, of both pools."""
    for seed in (DEVELOPMENT, PUBLISHED):
        for concept in CONCEPTS:
            yield from (text for text, _ in concept.pool(size, seed))
        for kind in PREFERENCES:
            for pair in kind.pool(size, seed):
                yield from (pair.chosen, pair.rejected)
