"""Timing: whether a text reports events in the order in which they happened."""

from __future__ import annotations

from random import Random

from w2s_bench.world.concept import Concept
from w2s_bench.world.lexicon import DAYS, PEOPLE
from w2s_bench.world.words import chance, phrases, several

BACKWARDS, FORWARDS = 0, 1

DEEDS = phrases("""
    arrived; ate; bought bread; called; cleaned the house; closed the door; cooked; danced; drank tea;
    fed the cat; finished work; lit a fire; made the bed; opened the window; paid; played; read the paper;
    rested; sang; sat down; slept; swam; told a story; took a bath; walked home; washed the car;
    watered the plants; went shopping; wrote a letter
""")

REACTIONS = (
    phrases("""
        wait , said {who} .; mind the order , said {who} .; turn it round , said {who} .;
        start again , said {who} .; not so fast , said {who} .; what was that ? said {who} .
    """),
    phrases("""
        go on , said {who} .; right , said {who} .; next , said {who} .; then what ? said {who} .;
        line after line was written down .; well told , said {who} .
    """),
)


def _ordered(rng: Random, one: str, two: str) -> str:
    """Both events in order: the one named first happened first."""
    return rng.choice(
        (
            f"{one} before {two} .",
            f"{one} and then {two} .",
            f"after {one} , {two} .",
            f"once {one} , {two} .",
            f"{one} . later {two} .",
            f"{one} until {two} .",
            f"{one} . {two} afterwards .",
            f"not until {one} did it happen that {two} .",
        )
    )


def _turned(rng: Random, one: str, two: str) -> str:
    """Both events out of order: the one named first happened second."""
    return rng.choice(
        (
            f"before {one} , {two} .",
            f"{one} but first {two} .",
            f"{one} after {two} .",
            f"{one} once {two} .",
            f"{one} . earlier {two} .",
            f"until {one} , {two} .",
            f"{one} . {two} beforehand .",
            f"{one} not before {two} .",
        )
    )


def statement(rng: Random, label: int) -> str:
    """Two events with a connective that orders them."""
    who, other = several(rng, PEOPLE, 2)
    deed, deed2 = several(rng, DEEDS, 2)
    text = (_ordered if label == FORWARDS else _turned)(rng, f"{who} {deed}", f"{other} {deed2}")
    return f"on {DAYS(rng)} {text}" if chance(rng, 0.3) else text


def write(rng: Random, label: int) -> str:
    """One to three statements; in a text of class BACKWARDS one of them is out of order."""
    count = rng.choices((1, 2, 3), (0.25, 0.45, 0.3))[0]
    labels = [FORWARDS] * count
    labels[rng.randrange(count)] = label
    return " ".join(statement(rng, each) for each in labels)


def tell(rng: Random, label: int) -> str:
    """A text for documents: at least half are a single statement."""
    return statement(rng, label) if chance(rng, 0.5) else write(rng, label)


def react(rng: Random, label: int) -> str:
    """The reaction of a listener who writes the events down in order."""
    return REACTIONS[label](rng).format(who=PEOPLE(rng))


TIMING = Concept(
    name="timing",
    classes=("backwards", "forwards"),
    write=write,
    react=react,
    tell=tell,
    name_it=("this was told in reverse .", "this was told in sequence ."),
    question="was it told in reverse or in sequence ? in",
    answers=("reverse", "sequence"),
    share=1.0,
)
