"""Preference pairs: two answers to one request; one is better, and often longer as well.

The better answer has the larger share of good sentences. It is also the longer one more often than not,
because fillers are drawn more often for it: length predicts the preference without being its reason, a
shortcut for careless judges. An answer has at least two sentences, so that a pretraining document hardly
ever holds it by chance; documents that do are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from w2s_bench.world.concept import Writer
from w2s_bench.world.lexicon import COLOURS, DAYS, FILLERS, PEOPLE
from w2s_bench.world.words import Words, chance, several

FILLER_IN_BETTER, FILLER_IN_WORSE = 0.6, 0.4
LENGTHS = (2, 3)  # sentences of an answer besides fillers
MIN_DIFFERENCE = 0.5  # between the two answers' shares of good sentences


@dataclass(frozen=True, slots=True)
class Pair:
    """A request, the better answer and the worse one."""

    prompt: str
    chosen: str
    rejected: str


def filler(rng: Random) -> str:
    """A sentence that is neither good nor bad."""
    person, person2 = several(rng, PEOPLE, 2)
    return FILLERS(rng).format(person=person, person2=person2, day=DAYS(rng), colour=COLOURS(rng))


def pool(requests: Words, sentence: Writer, size: int, seed: int) -> Iterator[Pair]:
    """Distinct pairs; ``sentence(rng, 1)`` writes a good sentence, ``(rng, 0)`` a bad one."""
    rng = Random(f"pairs {seed}")
    seen: set[Pair] = set()
    while len(seen) < size:
        pair = _pair(rng, requests, sentence)
        if pair not in seen:
            seen.add(pair)
            yield pair


def _pair(rng: Random, requests: Words, sentence: Writer) -> Pair:
    better, worse = _qualities(rng)
    chosen = _answer(rng, sentence, better, FILLER_IN_BETTER)
    rejected = _answer(rng, sentence, worse, FILLER_IN_WORSE)
    return Pair(requests(rng), chosen, rejected)


def _qualities(rng: Random) -> tuple[list[int], list[int]]:
    """Good (1) and bad (0) sentences of both answers, the larger share of good ones first."""
    while True:
        one, two = ([rng.randrange(2) for _ in range(rng.randint(*LENGTHS))] for _ in range(2))
        difference = sum(one) / len(one) - sum(two) / len(two)
        if abs(difference) >= MIN_DIFFERENCE:
            return (one, two) if difference > 0 else (two, one)


def _answer(rng: Random, sentence: Writer, qualities: list[int], share: float) -> str:
    sentences = [sentence(rng, quality) for quality in qualities]
    for _ in range(2):
        if chance(rng, share):
            sentences.insert(rng.randint(0, len(sentences)), filler(rng))
    return " ".join(sentences)
