"""ETHICS justice: is a reason for an exception or a claim a good one?"""

from w2s_bench.sources import Row
from w2s_bench.task import Ask, Example, Task
from w2s_bench.tasks.nlp._ethics import card, ethics
from w2s_bench.tasks.nlp._text import first_words

WORDS = 6

CARD = card(
    "justice",
    title="Is this exception or claim reasonable?",
    group="the first six words: scenarios that differ in their reason only begin alike;"
    " sets that share a reason and begin differently may part",
    size="21,791 scenarios to train on, 2,704 for the test",
    classes=("unreasonable", "reasonable"),
)


def example(row: Row) -> Example:
    """The scenario, and whether people find it reasonable."""
    return Example(prompt=row["scenario"].strip(), options=CARD.classes, gold=row["label"], group=group(row))


def group(row: Row) -> str:
    """The first words of the scenario."""
    return first_words(row["scenario"], WORDS)


TASK = Task(
    card=CARD,
    source=ethics("justice", "label", "scenario"),
    example=example,
    group=group,
    ask=Ask("This is", CARD.classes),
)
