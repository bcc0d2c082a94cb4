"""SST-2: is a phrase from a movie review negative or positive?"""

from w2s_bench.sources import Row
from w2s_bench.task import Ask, Example, Task, TaskCard
from w2s_bench.tasks.nlp._glue import glue
from w2s_bench.tasks.nlp._text import SENTIMENT

CARD = TaskCard(
    name="nlp/sst2",
    domain="nlp",
    title="Stanford Sentiment Treebank, two classes",
    source="hub nyu-mll/glue (sst2), train and validation splits",
    licence="none stated upstream (GLUE)",
    citation="Socher et al. 2013, EMNLP; Wang et al. 2019, arXiv 1804.07461",
    group="the phrase itself; upstream does not say which phrases share a sentence",
    size="67,349 training phrases; test: the 872 sentences of the validation split",
    classes=SENTIMENT,
    standing="development",
    companions=("nlp/imdb", "nlp/amazon-polarity", "nlp/twitter-sentiment"),
    pretraining="not known; the phrases are of reviews on rottentomatoes.com, and the set is part of "
    "instruction collections such as FLAN's and P3",
    findings=(
        ("duplicates", "upstream has phrases and the sentences that hold them, and does not say which"),
        (
            "near-duplicates",
            "as for duplicates; the test set holds whole sentences, of which none has a copy",
        ),
    ),
    notes="The labels of the official test split are not public, so the validation split is the test set.",
)


def example(row: Row) -> Example:
    """The phrase, and its sentiment."""
    text = row["sentence"].strip()
    return Example(prompt=text, options=SENTIMENT, gold=row["label"], group=text)


TASK = Task(
    card=CARD,
    source=glue("sst2"),
    example=example,
    group=lambda row: row["sentence"].strip(),
    ask=Ask("this review is", CARD.classes),
)
