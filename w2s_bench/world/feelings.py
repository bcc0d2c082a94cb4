"""Feelings: how a person feels about an event that was hoped for or feared, and came or did not."""

from __future__ import annotations

from random import Random

from w2s_bench.world.concept import Concept
from w2s_bench.world.lexicon import DAYS, PEOPLE
from w2s_bench.world.words import Words, chance, phrases, several

GLAD, RELIEVED, DISAPPOINTED, DISTRESSED = range(4)

HOPE = Words(["hoped", "wished", "prayed", "longed"])
FEAR = Words(["feared", "worried", "dreaded", "trembled"])

# (what would happen, it came, it did not come): three phrases that share few words.
EVENTS = (
    ("it would rain", "rain fell all day", "it stayed dry"),
    ("the train would come", "the train came", "no train was to be seen"),
    ("the ship would sail", "the ship left the harbour", "the ship lay in the harbour"),
    ("the king would speak", "the king spoke", "the king kept silent"),
    ("the shop would close", "the shop shut its door", "the shop kept its door open"),
    ("the letter would arrive", "the letter lay on the table", "the letter was lost"),
    ("the road would freeze", "ice covered the road", "the road stayed free of ice"),
    ("the wind would turn", "the wind turned", "the wind held"),
    ("the price would rise", "the price went up", "the price went down"),
    ("the door would open", "the door opened", "the door remained shut"),
    ("the war would begin", "war broke out", "peace was kept"),
    ("the horse would win", "the horse came in first", "the horse came in last"),
    ("the snow would melt", "the snow was gone", "the snow lay deep"),
    ("the dog would bark", "the dog barked", "the dog made no sound"),
    ("the guest would stay", "the guest stayed", "the guest went home"),
    ("the vote would pass", "the vote passed", "the vote failed"),
    ("the cousin would call", "the cousin called", "the cousin forgot to call"),
    ("the river would flood", "the river left its bed", "the river kept to its bed"),
    ("the child would sleep", "the child slept", "the child lay awake"),
    ("the match would end", "the match was over by noon", "the match went on"),
)
PLAIN = "in the end it happened", "in the end it did not happen"

REACTIONS = (
    phrases("""
        dancing began .; songs were sung .; cheers went up .; wine was bought for all .; hugs were given .
    """),
    phrases("""
        breath came back .; thanks were given to god .; sweat was wiped away .; sleep came at last .;
        quiet nights followed .
    """),
    phrases("""
        sighs were heard .; flowers were thrown away .; cake was left over .; next year perhaps .;
        tickets were given back .
    """),
    phrases("""
        tears were shed .; screams were heard .; doors were locked .; pale faces all round .;
        flight was all that was left .
    """),
)


def attitude(rng: Random, who: str, wanted: bool, event: str) -> str:
    """A person hopes for the event or fears it; one in five fears or hopes for its negation instead."""
    if chance(rng, 0.2):
        wanted = not wanted
        event = event.replace("would", "would not")
    return f"{who} {(HOPE if wanted else FEAR)(rng)} that {event}"


def outcome(rng: Random, event: tuple[str, str, str], came: bool) -> str:
    """The event came or did not, said directly or in other words."""
    return PLAIN[not came] if chance(rng, 0.5) else event[1 if came else 2]


def write(rng: Random, label: int, *, alone: bool = False) -> str:
    """A wish or a fear and what came of it; in two of five texts somebody else wants the contrary."""
    hoped, came = label in (GLAD, DISAPPOINTED), label in (GLAD, DISTRESSED)
    event = rng.choice(EVENTS)
    who, other = several(rng, PEOPLE, 2)
    said = attitude(rng, who, hoped, event[0])
    when = f"on {DAYS(rng)} " if chance(rng, 0.6) else ""
    if alone or chance(rng, 0.6):
        return f"{when}{said} . {outcome(rng, event, came)} ."
    against = attitude(rng, other, not hoped, event[0])
    both = f"{said} but {against}" if chance(rng, 0.5) else f"{against} but {said}"
    return f"{when}{both} . {outcome(rng, event, came)} . now look at {who} ."


def tell(rng: Random, label: int) -> str:
    """A text for documents: seldom about more than one person."""
    return write(rng, label, alone=chance(rng, 0.7))


def react(rng: Random, label: int) -> str:
    """The reaction of the person in the text."""
    return REACTIONS[label](rng)


FEELINGS = Concept(
    name="feelings",
    classes=("glad", "relieved", "disappointed", "distressed"),
    write=write,
    react=react,
    tell=tell,
    name_it=("what joy .", "what a relief .", "what a pity .", "what a disaster ."),
    question="was it a joy , a relief , a pity or a disaster ? it was a",
    answers=("joy", "relief", "pity", "disaster"),
    share=2.0,
)
