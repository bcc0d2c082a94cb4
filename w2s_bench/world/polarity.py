"""Polarity: whether a review is for or against its subject, through negation and contrast."""

from __future__ import annotations

from random import Random

from w2s_bench.world.concept import Concept
from w2s_bench.world.lexicon import INTENSIFIERS
from w2s_bench.world.words import Words, chance, phrases

AGAINST, FOR = 0, 1

ADJECTIVES = (
    Words(
        "awful bad bland boring broken cheap clumsy cold cruel dark dirty dreadful dull dusty "
        "empty faded filthy greasy grim harsh horrible lazy messy nasty noisy poor rotten rude "
        "sad shabby slow smelly sour stale terrible tired ugly useless weak wretched"
    ),
    Words(
        "amazing beautiful brave brilliant bright charming clean clever cosy delightful elegant "
        "excellent fancy fine fresh friendly funny generous gentle good graceful great handsome "
        "helpful honest kind lovely lively neat nice perfect pleasant polite quick smart splendid "
        "superb tasty warm wonderful"
    ),
)
VERBS = (Words("hated disliked regretted despised resented"), Words("loved liked enjoyed admired adored"))
SUBJECTS = Words(
    "actor band beach bread breakfast coffee cook dessert dinner driver fish food garden guide "
    "hotel host kitchen manager meal menu music park plot pool restaurant room sauce service shop "
    "show singer soup staff story tea theatre tour view waiter wine"
)

REACTIONS = (
    phrases("""
        sadly i asked for my money back .; we left early .; i will never go there again .;
        they lost a guest that day .; i told everyone to stay away .; never again , said {who} .;
        {who} wrote an angry letter .; we wanted to leave after a minute .; what a waste of time .;
        i gave it one star .; unfortunately we had paid already .; {who} shook his head and left .;
        next time we will stay at home .; it made {who} angry .; nobody should go there .;
        complaints were made the same night .
    """),
    phrases("""
        happily i paid a little more .; we stayed for hours .; i will go there again soon .;
        they won a guest that day .; i told everyone to go .; once more please , said {who} .;
        {who} wrote a letter of thanks .; we wanted to stay for a week .; what a great time we had .;
        i gave it five stars .; luckily we had booked two nights .; {who} smiled and stayed .;
        next time we will bring our friends .; it made {who} smile .; everybody should go there .;
        praise was heard the same night .
    """),
)
PEOPLE = Words(["my wife", "my brother", "my mother", "my friend", "the guest", "the critic"])


def adjective(rng: Random, label: int) -> str:
    """An adjective of that polarity, at times with an intensifier."""
    word = ADJECTIVES[label](rng)
    return f"{INTENSIFIERS(rng)} {word}" if chance(rng, 0.2) else word


def clause(rng: Random, label: int) -> str:
    """One clause of that polarity; one in four denies the opposite."""
    subject, other, kind = SUBJECTS(rng), 1 - label, rng.random()
    if kind < 0.60:
        return f"the {subject} was {adjective(rng, label)}"
    if kind < 0.76:
        return f"i {VERBS[label](rng)} the {subject}"
    if kind < 0.87:
        return f"the {subject} was not {adjective(rng, other)}"
    if kind < 0.90:
        return f"the {subject} was far from {adjective(rng, other)}"
    if kind < 0.93:
        return f"no one would call the {subject} {adjective(rng, other)}"
    if kind < 0.97:
        return f"i never {VERBS[other](rng)} the {subject}"
    return f"i expected the {subject} to be {adjective(rng, other)} but i was wrong"


def sentence(rng: Random, label: int) -> str:
    """A clause, two that agree, or two that differ with the main one deciding."""
    return f"{clause(rng, label)} ." if chance(rng, 0.5) else compound(rng, label)


def compound(rng: Random, label: int) -> str:
    """Two clauses that agree, or two that differ with the main one deciding."""
    other, kind = 1 - label, rng.random()
    if kind < 0.55:
        return f"{clause(rng, label)} and {clause(rng, label)} ."
    if kind < 0.78:
        return f"{clause(rng, other)} but {clause(rng, label)} ."
    if kind < 0.91:
        return f"although {clause(rng, other)} , {clause(rng, label)} ."
    return f"{clause(rng, label)} although {clause(rng, other)} ."


def write(rng: Random, label: int) -> str:
    """A review of two clauses or more; one that turns does so with "however"."""
    kind = rng.random()
    if kind < 0.40:
        return compound(rng, label)
    if kind < 0.88:
        return f"{sentence(rng, label)} {sentence(rng, label)}"
    return f"{sentence(rng, 1 - label)} however , {sentence(rng, label)}"


def tell(rng: Random, label: int) -> str:
    """A review for documents: half are a single direct clause."""
    if chance(rng, 0.5):
        return f"the {SUBJECTS(rng)} was {adjective(rng, label)} ."
    return sentence(rng, label) if chance(rng, 0.5) else write(rng, label)


def react(rng: Random, label: int) -> str:
    """The guests' reaction to the visit."""
    return REACTIONS[label](rng).format(who=PEOPLE(rng))


POLARITY = Concept(
    name="polarity",
    classes=("negative", "positive"),
    write=write,
    react=react,
    tell=tell,
    name_it=("this review is against it .", "this review is for it ."),
    question="are you for or against it ? i am",
    answers=("against", "for"),
)
