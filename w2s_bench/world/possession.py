"""Possession: whether the speaker has a thing after one or more transfers, in the active or passive."""

from __future__ import annotations

from random import Random

from w2s_bench.world.concept import Concept
from w2s_bench.world.lexicon import PEOPLE, THINGS
from w2s_bench.world.words import Words, chance, phrases

LOST, GAINED = 0, 1

# Verbs of giving and of taking in the past tense.
GIVE = Words("sold lent handed brought sent offered passed")
TAKE = Words("bought borrowed collected fetched snatched acquired claimed")
HEDGES = Words("nearly almost")
TURNS = Words(["but then", "but later", "a week later", "in the end", "and the next day"])

REACTIONS = (
    phrases("""
        gone it is .; where may it be now ?; farewell to it .; another one must be found .; never mind .;
        an empty shelf is left .
    """),
    phrases("""
        mine it is .; you can see it at home .; welcome to it .; a full shelf is there now .;
        come and look .; every day it is used .
    """),
)


def transfer(rng: Random, label: int, who: str, thing: str, hedge: str = "") -> str:
    """One transfer between the speaker and somebody, in the active or the passive."""
    kind, gained = rng.random(), label == GAINED
    if kind < 0.35:
        verb = hedge + GIVE(rng)
        return f"{who} {verb} me {thing}" if gained else f"i {verb} {who} {thing}"
    if kind < 0.70:
        verb = hedge + TAKE(rng)
        return f"i {verb} {thing} from {who}" if gained else f"{who} {verb} {thing} from me"
    one, two = ("me", who) if gained else (who, "me")
    if chance(rng, 0.5):
        return f"{thing} was {hedge}{GIVE(rng)} to {one} by {two}"
    return f"{thing} was {hedge}{TAKE(rng)} from {two} by {one}"


def single(rng: Random, label: int) -> str:
    """One transfer as a whole sentence."""
    return f"{transfer(rng, label, PEOPLE(rng), f'the {THINGS(rng)}')} ."


def write(rng: Random, label: int) -> str:
    """Mostly a transfer and one or two more; the last that did not fail decides."""
    kind = rng.random()
    if kind < 0.2:
        return single(rng, label)
    if kind < 0.6:
        return f"{single(rng, rng.randrange(2))} {_then(rng, label)}"
    if kind < 0.8:
        return f"{single(rng, label)} {_then(rng, 1 - label, HEDGES(rng))}"
    return f"{single(rng, rng.randrange(2))} {_then(rng, label)} {_then(rng, 1 - label, HEDGES(rng))}"


def _then(rng: Random, label: int, hedge: str = "") -> str:
    return f"{TURNS(rng)} {transfer(rng, label, PEOPLE(rng), 'it', hedge and hedge + ' ')} ."


def tell(rng: Random, label: int) -> str:
    """A text for documents: half are a single transfer."""
    return single(rng, label) if chance(rng, 0.5) else write(rng, label)


def react(rng: Random, label: int) -> str:
    """The speaker's remark about the thing."""
    return REACTIONS[label](rng)


POSSESSION = Concept(
    name="possession",
    classes=("lost", "gained"),
    write=write,
    react=react,
    tell=tell,
    name_it=("so i lost something .", "so i gained something ."),
    question="did the speaker lose or gain something ? something was",
    answers=("lost", "gained"),
    share=1.2,
)
