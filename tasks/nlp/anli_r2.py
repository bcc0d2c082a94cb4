"""ANLI, round 2: does a text entail a statement that was written to mislead models?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard
from w2s_bench.tasks.nlp._balance import kept

SHARE = 0.48  # of what is neutral or contradicts: about a third of all is entailed upstream

CARD = TaskCard(
    name="nlp/anli-r2",
    domain="nlp",
    title="Adversarial NLI, round 2, two classes, balanced",
    source="hub facebook/anli (plain_text), splits train_r2 and dev_r2 pooled; split test_r2",
    licence="CC-BY-NC-4.0",
    citation="Nie et al. 2020, arXiv 1910.14599",
    group="premise",
    size="about 30,000 of 46,460 statements (45,460 + 1,000); test: about 650 of 1,000",
    classes=("not entailed", "entailed"),
    companions=("nlp/anli-r3",),
    pretraining="Premises are of Wikipedia, which is in The Pile and most public corpora; statements were "
    "written for this set.",
    notes="Neutral and contradicting statements are one class, as in the paper's binary tasks; a hash of "
    "premise and statement keeps 48% of these.",
)


def example(row: Row) -> Example:
    """The premise, then the statement; upstream's label 0 is entailment."""
    premise, statement = row["premise"].strip(), row["hypothesis"].strip()
    if not (premise and statement and row["label"] in (0, 1, 2)):
        raise ValueError("a premise, a hypothesis and a label of 0, 1 or 2 are needed")
    prompt = f"{premise}\nStatement: {statement}"
    return Example(prompt=prompt, options=CARD.classes, gold=int(row["label"] == 0), group=premise)


TASK = Task(
    card=CARD,
    source=HubSource(
        path="facebook/anli",
        config="plain_text",
        revision="8e4813d81f46d313dac7892e1c28076917cfcdf9",
        columns=("premise", "hypothesis", "label"),
        train=("train_r2", "dev_r2"),
        test="test_r2",
    ),
    example=example,
    group=lambda row: row["premise"].strip(),
    keep=lambda row: row["label"] not in (1, 2) or kept(f"{row['premise']}\0{row['hypothesis']}", SHARE),
    ask=Ask("From the text this statement is", CARD.classes),
)
