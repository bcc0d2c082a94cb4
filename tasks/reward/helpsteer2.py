"""HelpSteer2: which of two answers to a prompt did people score as more helpful?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, preference
from w2s_bench.tasks.reward._card import preferences
from w2s_bench.tasks.reward._paired import Paired

CARD = preferences(
    "helpsteer2",
    title="HelpSteer2: the more helpful of two answers to a prompt, by scores",
    source="hub nvidia/HelpSteer2, train split; validation split as the test set",
    licence="CC-BY-4.0",
    citation="Wang et al. 2024, arXiv 2406.08673",
    size="20,324 answers to train on and 1,038 for the test, two a prompt, before ties are left out",
    notes="Scores of helpfulness from 0 to 4, a mean over annotators rounded upstream; pairs with equal "
    "scores are left out. The other scores are not loaded.",
)


def helpfulness(row: Row) -> float:
    """How much more helpful the first answer is."""
    return float(row["one"]["helpfulness"]) - float(row["two"]["helpfulness"])


def example(row: Row) -> Example:
    """The prompt and the answer with the higher score against the other."""
    ahead = helpfulness(row)
    if not (ahead > 0 or ahead < 0):
        raise ValueError("the scores of helpfulness prefer no side")
    better, worse = (row["one"], row["two"]) if ahead > 0 else (row["two"], row["one"])
    return preference(row["key"], better["response"].strip(), worse["response"].strip(), group=row["key"])


TASK = Task(
    card=CARD,
    source=Paired(
        source=HubSource(
            path="nvidia/HelpSteer2",
            revision="b738328cec12d3c34e63655296cef22a893113b3",
            columns=("prompt", "response", "helpfulness"),
            test="validation",
        ),
        key=lambda row: str(row["prompt"].strip()),
    ),
    example=example,
    group=lambda row: str(row["key"]),
    keep=lambda row: helpfulness(row) != 0,
    ask=Ask("Is this answer helpful? It is", ("unhelpful", "helpful")),
)
