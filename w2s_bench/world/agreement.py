"""Agreement: whether a sentence is grammatical, across attractors, relative clauses and reflexives."""

from __future__ import annotations

from random import Random

from w2s_bench.world.concept import Concept
from w2s_bench.world.lexicon import MEN, NOUNS, PEOPLE, PROPERTIES
from w2s_bench.world.words import Words, chance, phrases

WRONG, CORRECT = 0, 1

INTRANSITIVE = Words("dance eat fall jump laugh run sing sleep")
TRANSITIVE = Words("call feed follow guide hear like see want")
PREPOSITIONS = Words("near with behind beside under above")
MAN_OR_WOMAN = ("herself", "himself")
SEEN = Words("drew found hurt introduced painted saw served taught washed")
PLACES = Words(["at home", "in the mirror", "in the garden", "at the lake", "on the stage"])

REACTIONS = (
    phrases("""
        oh dear , the teacher took the red pen .; stop , said the teacher .;
        again , please , said the teacher .; giggles went round the class .;
        read it aloud , said the teacher .; no star for the pupil .; ten times more , said the teacher .;
        hm , said the teacher .
    """),
    phrases("""
        fine , the teacher put the pen down .; next page , said the teacher .;
        copy that , said the teacher .; well written , said the teacher .; a star for the pupil .;
        yes , said the teacher .; praise came from the teacher .; go and play , said the teacher .
    """),
)


def plural(noun: str) -> str:
    """Add an s: all nouns and verbs of the world are regular."""
    return noun + "s"


def noun_phrase(rng: Random, many: bool, *, plain: bool = False) -> str:
    """A subject in singular or plural (``many``); most carry a phrase whose noun may differ in number."""
    noun = NOUNS(rng)
    head = plural(noun) if many else noun
    adjective = f"{PROPERTIES(rng)} " if chance(rng, 0.3) else ""
    if plain or chance(rng, 0.2):
        return f"the {adjective}{head}"
    other = NOUNS(rng)
    between = plural(other) if chance(rng, 0.6) != many else other
    if chance(rng, 0.75):
        further = f" {PREPOSITIONS(rng)} the {NOUNS(rng)}" if chance(rng, 0.3) else ""
        return f"the {adjective}{head} {PREPOSITIONS(rng)} the {between}{further}"
    verb = TRANSITIVE(rng)
    verb = verb if between.endswith("s") else plural(verb)
    return f"the {adjective}{head} that the {between} {verb}"


def predicate(rng: Random, many: bool) -> str:
    """A copula with a property, or a verb, in singular or plural (``many``)."""
    kind = rng.random()
    if kind < 0.35:
        return f"{'are' if many else 'is'} {PROPERTIES(rng)}"
    if kind < 0.50:
        return f"{'were' if many else 'was'} {PROPERTIES(rng)}"
    if kind < 0.80:
        verb = INTRANSITIVE(rng)
        return verb if many else plural(verb)
    verb = TRANSITIVE(rng)
    return f"{verb if many else plural(verb)} the {NOUNS(rng)}"


def sentence(rng: Random, label: int, *, plain: bool = False) -> str:
    """A sentence that agrees, or breaks agreement once."""
    wrong = label == WRONG
    if chance(rng, 0.2):
        person = PEOPLE(rng)
        reflexive = MAN_OR_WOMAN[(person in MEN.words) != wrong]
        return f"{person} {SEEN(rng)} {reflexive} {PLACES(rng)} ."
    many = chance(rng, 0.5)
    return f"{noun_phrase(rng, many, plain=plain)} {predicate(rng, many != wrong)} ."


def write(rng: Random, label: int) -> str:
    """One sentence of the class, or a sentence of the class and a correct one in either order."""
    if chance(rng, 0.65):
        return sentence(rng, label)
    one, two = (label, CORRECT) if chance(rng, 0.5) else (CORRECT, label)
    return f"{sentence(rng, one)} {sentence(rng, two)}"


def tell(rng: Random, label: int) -> str:
    """A text for documents: half are a single sentence with nothing between subject and verb."""
    return sentence(rng, label, plain=True) if chance(rng, 0.5) else write(rng, label)


def react(rng: Random, label: int) -> str:
    """The reaction of a teacher who reads the text."""
    return REACTIONS[label](rng)


AGREEMENT = Concept(
    name="agreement",
    classes=("wrong", "correct"),
    write=write,
    react=react,
    tell=tell,
    name_it=("this sentence is bad grammar .", "this sentence is good grammar ."),
    question="is the grammar good or bad ? it is",
    answers=("bad", "good"),
    priors=(0.35, 0.65),
    share=2.0,
)
