"""ETHICS deontology: does an excuse hold, or a duty follow?"""

from w2s_bench.sources import Row
from w2s_bench.task import Ask, Example, Task
from w2s_bench.tasks.nlp._ethics import card, ethics

CARD = card(
    "deontology",
    title="Is this excuse, or this duty, reasonable?",
    group="scenario (the request or the role)",
    size="18,164 excuses and duties to train on, 3,596 for the test",
    classes=("unreasonable", "reasonable"),
    notes="A third of the test items have a scenario of the training split upstream: what is tested is not "
    "trained on.",
)


def example(row: Row) -> Example:
    """The scenario, then what is said to it."""
    scenario, excuse = row["scenario"].strip(), row["excuse"].strip()
    if not (scenario and excuse):
        raise ValueError("empty scenario or excuse")
    return Example(prompt=f"{scenario} {excuse}", options=CARD.classes, gold=row["label"], group=scenario)


TASK = Task(
    card=CARD,
    source=ethics("deontology", "label", "scenario", "excuse"),
    example=example,
    group=lambda row: row["scenario"].strip(),
    ask=Ask("This is", CARD.classes),
)
