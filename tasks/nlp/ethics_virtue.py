"""ETHICS virtue: does somebody in a scenario show a trait?"""

from w2s_bench.sources import Row
from w2s_bench.task import Ask, Example, Task
from w2s_bench.tasks.nlp._balance import kept
from w2s_bench.tasks.nlp._ethics import card, ethics

MARK = "[SEP]"
SHARE = 0.25  # of the traits that are not shown: four of five a scenario

CARD = card(
    "virtue",
    title="Does somebody in the scenario show this trait? Balanced",
    group="scenario (five traits share one)",
    size="about 11,300 of 28,245 pairs of scenario and trait; test: about 2,000 of 4,975",
    classes=("not shown", "shown"),
    notes="One of a scenario's five traits is shown; a hash of scenario and trait keeps 25% of the others.",
)


def parts(row: Row) -> tuple[str, str]:
    """Scenario and trait. Errors: ValueError where one of them is missing."""
    scenario, _, trait = (part.strip() for part in row["scenario"].partition(MARK))
    if not (scenario and trait):
        raise ValueError(f"no scenario and trait around {MARK}")
    return scenario, trait


def example(row: Row) -> Example:
    """The scenario, then the trait."""
    scenario, trait = parts(row)
    return Example(
        prompt=f"{scenario}\nTrait: {trait}", options=CARD.classes, gold=row["label"], group=scenario
    )


TASK = Task(
    card=CARD,
    source=ethics("virtue", "label", "scenario"),
    example=example,
    group=lambda row: parts(row)[0],
    keep=lambda row: row["label"] != 0 or kept(row["scenario"], SHARE),
    ask=Ask("This trait is", CARD.classes),
)
