"""Inference: whether the last sentence follows from what stands before, contradicts it, or is open."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from w2s_bench.world.concept import Concept
from w2s_bench.world.lexicon import KIND_OF, KINDS, MEMBERS, OPPOSITE, PEOPLE, PROPERTIES
from w2s_bench.world.words import Words, chance

FOLLOWS, OPEN, CONTRADICTS = 0, 1, 2

REACTIONS = (
    Words([
        "of course , said {who} .", "{who} agreed at once .", "so it has to be , said {who} .",
        "{who} had known it .", "the judge accepted it .", "nothing new to {who} .",
    ]),
    Words([
        "perhaps , said {who} .", "{who} asked for more .", "who can tell , said {who} .",
        "{who} was not sure .", "the judge wanted to hear another witness .", "{who} had to guess .",
    ]),
    Words([
        "impossible , said {who} .", "{who} objected at once .", "you lie , said {who} .",
        "{who} did not believe a word .", "the judge threw it out .", "{who} laughed at it .",
    ]),
)


def _other_kind(rng: Random, kind: str) -> str:
    return rng.choice([k for k in KINDS if k != kind])


def _unrelated(rng: Random, word: str) -> str:
    while True:
        other = PROPERTIES(rng)
        if other not in (word, OPPOSITE[word]):
            return other


def _denied(rng: Random, subject: str, word: str) -> str:
    """The subject is not so, in one of two ways."""
    return f"{subject} is {OPPOSITE[word] if chance(rng, 0.5) else 'not ' + word}"


def _affirmed(rng: Random, subject: str, word: str) -> str:
    """The subject is so, in one of two ways."""
    return f"{subject} is {word if chance(rng, 0.5) else 'not ' + OPPOSITE[word]}"


def _kinds(rng: Random, label: int) -> str:
    """What holds of every (or no) bird holds of the owl; of the trout it says nothing."""
    member, word, every = MEMBERS(rng), PROPERTIES(rng), chance(rng, 0.5)
    kind = KIND_OF[member]
    if label == OPEN:
        kind = _other_kind(rng, kind)
    so = chance(rng, 0.5) if label == OPEN else (label == FOLLOWS) == every
    claim = f"the {member} is {word}" if so else f"the {member} is not {word}"
    return f"{'every' if every else 'no'} {kind} is {word} . {claim} ."


def _opposites(rng: Random, label: int) -> str:
    """Who is heavy is not light; whether round, is open."""
    subject, word = f"the {MEMBERS(rng)}", PROPERTIES(rng)
    premise = _affirmed(rng, subject, word)
    if label == OPEN:
        return f"{premise} . {_affirmed(rng, subject, _unrelated(rng, word))} ."
    claim = _affirmed(rng, subject, word) if label == FOLLOWS else _denied(rng, subject, word)
    return f"{premise} . {claim} ."


def _both_or_either(rng: Random, label: int) -> str:
    """From both each follows; from either none does."""
    subject, word = f"the {MEMBERS(rng)}", PROPERTIES(rng)
    other = _unrelated(rng, word)
    link = "or" if label == OPEN else "and"
    premise = f"{subject} is {word} {link} {other}"
    one = word if chance(rng, 0.5) else other
    claim = _denied(rng, subject, one) if label == CONTRADICTS else _affirmed(rng, subject, one)
    return f"{premise} . {claim} ."


def _condition(rng: Random, label: int) -> str:
    """If this then that: from this follows that; from that nothing follows for this."""
    this, that = f"the {MEMBERS(rng)} is {PROPERTIES(rng)}", f"the {MEMBERS(rng)}"
    word = PROPERTIES(rng)
    if label == OPEN:
        return f"if {this} , {that} is {word} . {that} is {word} . {this} ."
    claim = f"{that} is {word}" if label == FOLLOWS else _denied(rng, that, word)
    return f"if {this} , {that} is {word} . {this} . {claim} ."


SCHEMES: tuple[Callable[[Random, int], str], ...] = (
    _kinds, _kinds, _opposites, _opposites, _both_or_either, _condition,
)


def write(rng: Random, label: int) -> str:
    """A premise and a claim by one of four schemes."""
    return rng.choice(SCHEMES)(rng, label)


def tell(rng: Random, label: int) -> str:
    """As in tasks, at times after a word on what is a kind of what."""
    text = write(rng, label)
    if chance(rng, 0.15):
        member = MEMBERS(rng)
        text = f"every {member} is a {KIND_OF[member]} . {text}"
    return text


def react(rng: Random, label: int) -> str:
    """What a listener said to it."""
    return REACTIONS[label](rng).format(who=PEOPLE(rng))


INFERENCE = Concept(
    name="inference",
    classes=("follows", "open", "contradicts"),
    write=write,
    react=react,
    tell=tell,
    name_it=(
        "the last sentence is certain .",
        "the last sentence is open .",
        "the last sentence is false .",
    ),
    question="is that certain , open or false ? it is",
    answers=("certain", "open", "false"),
)
