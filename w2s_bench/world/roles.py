"""Roles: whether two witnesses tell of the same event, in the active, the passive or a cleft."""

from __future__ import annotations

from random import Random

from w2s_bench.world.concept import Concept
from w2s_bench.world.lexicon import NOUNS, PEOPLE
from w2s_bench.world.words import Words, chance, several

DIFFERENT, SAME = 0, 1

VERBS = Words(
    "attacked called chased feared followed greeted helped hired injured kicked killed kissed "
    "mocked pushed robbed saved scared trusted visited warned"
)
# (verb, its converse): to sell somebody something is to be sold it; who teaches is learned from.
CONVERSES = ("led", "followed"), ("obeyed", "ruled"), ("preceded", "succeeded")

REACTIONS = (
    Words([
        "one of them must be wrong .", "the judge did not know what to write .",
        "they began to argue .", "the police asked a third witness .", "how can that be ?",
        "somebody is lying .", "the clerk scratched his head .",
    ]),
    Words([
        "so that is what happened .", "the judge wrote it down .", "they went home together .",
        "the police closed the case .", "no doubt about it .", "both were thanked .",
        "the clerk put the file away .",
    ]),
)


def event(rng: Random, agent: str, verb: str, patient: str, *, active: bool = False) -> str:
    """The agent does it to the patient, in one of four forms."""
    kind = 0.0 if active else rng.random()
    if kind < 0.3:
        return f"the {agent} {verb} the {patient}"
    if kind < 0.7:
        return f"the {patient} was {verb} by the {agent}"
    if kind < 0.85:
        return f"it was the {agent} that {verb} the {patient}"
    return f"it was the {patient} that the {agent} {verb}"


def _pair(rng: Random, label: int, *, plain: bool) -> tuple[str, str]:
    agent, patient, third = several(rng, NOUNS, 3)
    verb = VERBS(rng)
    told = event(rng, agent, verb, patient, active=plain)
    if label == SAME:
        return told, event(rng, agent, verb, patient)
    if chance(rng, 0.75):
        return told, event(rng, patient, verb, agent)
    return told, event(rng, *rng.choice(((agent, verb, third), (third, verb, patient))))


def write(rng: Random, label: int, *, plain: bool = False) -> str:
    """Two witnesses and what they say; where they differ, most often in who did it to whom."""
    first, second = several(rng, PEOPLE, 2)
    one, two = _pair(rng, label, plain=plain)
    return f"{first} says that {one} . {second} says that {two} ."


def tell(rng: Random, label: int) -> str:
    """The first witness mostly in the active."""
    return write(rng, label, plain=chance(rng, 0.6))


def react(rng: Random, label: int) -> str:
    """What came of it in court."""
    return REACTIONS[label](rng)


ROLES = Concept(
    name="roles",
    classes=("different", "same"),
    write=write,
    react=react,
    tell=tell,
    name_it=("their stories differ .", "their stories agree ."),
    question="do they differ or agree ? they",
    answers=("differ", "agree"),
)
