"""CoLA: is a sentence good English?"""

from w2s_bench.sources import Row
from w2s_bench.task import Ask, Example, Task, TaskCard
from w2s_bench.tasks.nlp._balance import kept
from w2s_bench.tasks.nlp._glue import glue

SHARE = 0.42  # of the acceptable sentences: 2,528 / 6,023 of the training split

CARD = TaskCard(
    name="nlp/cola",
    domain="nlp",
    title="Corpus of Linguistic Acceptability, two classes, balanced",
    source="hub nyu-mll/glue (cola), train and validation splits",
    licence="none stated upstream (GLUE)",
    citation="Warstadt et al. 2019, arXiv 1805.12471; Wang et al. 2019, arXiv 1804.07461",
    group="the sentence itself; upstream does not say which sentences are variants of one another",
    size="about 5,000 of 8,551 training sentences; test: about 620 of the 1,043 of the validation split",
    classes=("unacceptable", "acceptable"),
    pretraining="not known; the sentences are examples of published works on linguistics",
    notes="70% are acceptable upstream; a hash of the sentence keeps 42% of these. Variants of one example "
    "may stand in two halves. The labels of the official test split are not public, so the validation "
    "split is the test set.",
)


def example(row: Row) -> Example:
    """The sentence, and whether linguists accept it."""
    text = row["sentence"].strip()
    return Example(prompt=text, options=CARD.classes, gold=row["label"], group=text)


TASK = Task(
    card=CARD,
    source=glue("cola"),
    example=example,
    group=lambda row: row["sentence"].strip(),
    keep=lambda row: row["label"] != 1 or kept(row["sentence"], SHARE),
    ask=Ask("This sentence is", CARD.classes),
)
