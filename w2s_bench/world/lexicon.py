"""Words that several concepts share: people, things, days, and neutral remarks."""

from __future__ import annotations

from w2s_bench.world.words import Words, phrases

MEN = Words("adam ben carl dan eric frank george henry ivan jack karl leo max noah oscar paul")
WOMEN = Words("anna betty clara dora emma fiona grace helen iris jane kate lucy mary nora olga ruth")
PEOPLE = Words([*MEN, *WOMEN])
DAYS = Words("monday tuesday wednesday thursday friday saturday sunday")
COLOURS = Words("red green blue black white brown yellow grey")
INTENSIFIERS = Words("very really so quite rather truly")

KINDS: dict[str, tuple[str, ...]] = {
    "bird": ("crow", "duck", "eagle", "hawk", "owl", "parrot", "pigeon", "swan"),
    "flower": ("daisy", "iris", "lily", "orchid", "poppy", "rose", "tulip", "violet"),
    "tree": ("ash", "birch", "cedar", "elm", "fir", "maple", "oak", "pine"),
    "fruit": ("apple", "cherry", "fig", "grape", "lemon", "peach", "pear", "plum"),
    "tool": ("axe", "chisel", "drill", "hammer", "ladder", "needle", "saw", "shovel"),
    "garment": ("apron", "cap", "cloak", "coat", "glove", "scarf", "shirt", "skirt"),
    "vessel": ("barrel", "bottle", "bowl", "bucket", "cup", "jar", "pot", "vase"),
    "fish": ("carp", "cod", "eel", "herring", "perch", "pike", "salmon", "trout"),
}

KIND_OF = {member: kind for kind, members in KINDS.items() for member in members}
MEMBERS = Words(KIND_OF)

OPPOSITES = (
    ("big", "small"),
    ("heavy", "light"),
    ("wet", "dry"),
    ("thick", "thin"),
    ("long", "short"),
    ("old", "new"),
    ("hard", "soft"),
    ("round", "square"),
    ("loud", "quiet"),
    ("sharp", "blunt"),
)
OPPOSITE = dict(OPPOSITES) | {b: a for a, b in OPPOSITES}
PROPERTIES = Words(OPPOSITE)

THINGS = Words(
    "ball basket bell boat book candle carpet chair clock desk drum fan flute guitar helmet kettle "
    "kite lamp lantern map mirror painting pen pillow pipe plate radio ring rope saddle sofa spoon "
    "stamp stone table tent toy trumpet wheel whistle"
)

NOUNS = Words(
    "bear boy camel cat clerk cook cow dog donkey doctor farmer frog girl goat guard horse king "
    "lamb lion monkey nurse painter pig pilot poet queen rabbit rat sailor seal singer snake "
    "soldier spider tailor tiger toad turtle uncle waiter whale worker zebra"
)
"""Animals and people in the singular; the plural adds an s."""

FILLERS = phrases("""
    as you know , we live near the station .; i am writing this at home .; it was {day} .;
    we went there on {day} .; {person} came with me .; {person} and {person2} sat at the next table .;
    i will tell you how it was .; here is what i saw .; the street was full of people .;
    my {colour} coat was in the car .; let me start at the beginning .; we took the bus from the station .
""")
"""Neutral sentences; words are drawn for the names in braces."""
