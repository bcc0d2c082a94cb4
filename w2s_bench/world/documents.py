"""An endless pretraining corpus: short documents that use the concepts and hardly ever name them.

It holds no held-out text: a document is dropped if any run of its sentences is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from random import Random

from w2s_bench.world.agreement import AGREEMENT
from w2s_bench.world.concept import Concept
from w2s_bench.world.feelings import FEELINGS
from w2s_bench.world.pairs import filler
from w2s_bench.world.polarity import POLARITY
from w2s_bench.world.possession import POSSESSION
from w2s_bench.world.timing import TIMING
from w2s_bench.world.words import chance

CONCEPTS: tuple[Concept, ...] = (POLARITY, AGREEMENT, FEELINGS, POSSESSION, TIMING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """Shares of documents, in [0, 1]: ``reacts`` of the texts are followed by a reaction, ``names`` by a
    sentence that names the class instead; ``fills`` have a neutral sentence before or after them."""

    reacts: float = 0.9
    names: float = 0.002
    fills: float = 0.2


def documents(
    seed: int, held_out: Collection[str] = frozenset(), habits: Habits | None = None
) -> Iterator[str]:
    """Yield documents without end, the same for the same arguments."""
    rng, habits = Random(f"documents {seed}"), habits or Habits()
    shares = [concept.share for concept in CONCEPTS]
    while True:
        text = document(rng, rng.choices(CONCEPTS, shares)[0], habits)
        if not any(run in held_out for run in runs(text)):
            yield text


def document(rng: Random, concept: Concept, habits: Habits) -> str:
    """A text of a random class, most often followed by a reaction."""
    label = concept.any_class(rng)
    parts = [concept.tell(rng, label)]
    if chance(rng, habits.fills):
        parts.insert(rng.randrange(2), filler(rng))
    if chance(rng, habits.names):
        parts.append(concept.name_it[label])
    elif chance(rng, habits.reacts):
        parts.append(concept.react(rng, label))
    return " ".join(parts)


def runs(text: str) -> Iterator[str]:
    """Every run of whole sentences in a text."""
    sentences = [s + " ." for s in text.removesuffix(" .").split(" . ")]
    for start in range(len(sentences)):
        for end in range(start + 1, len(sentences) + 1):
            yield " ".join(sentences[start:end])
