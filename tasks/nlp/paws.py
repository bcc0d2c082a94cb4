"""PAWS: do two sentences of nearly the same words say the same?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard
from w2s_bench.tasks.nlp._balance import kept
from w2s_bench.tasks.nlp._text import same_words

SHARE = 0.79  # of the pairs that differ: 21,829 / 27,572 of the training split

CARD = TaskCard(
    name="nlp/paws",
    domain="nlp",
    title="Do two sentences say the same? Nearly the same words, balanced",
    source="hub google-research-datasets/paws (labeled_final), train and validation pooled; test split",
    licence="free for any purpose, attribution asked (Google)",
    citation="Zhang et al. 2019, arXiv 1904.01130",
    group="the words of the first sentence in alphabetical order: sentences are made of one another by swaps",
    size="about 50,500 of 57,401 pairs (49,401 + 8,000); test: about 7,100 of 8,000",
    classes=("different", "same"),
    pretraining="The sentences are of Wikipedia, which is in The Pile and most public corpora; the pairs and "
    "their labels are not known to be.",
    notes="56% are different upstream; a hash of both sentences keeps 79% of these.",
)


def example(row: Row) -> Example:
    """Both sentences, a line each."""
    one, other = row["sentence1"].strip(), row["sentence2"].strip()
    if not (one and other):
        raise ValueError("empty sentence")
    return Example(prompt=f"{one}\n{other}", options=CARD.classes, gold=row["label"], group=same_words(one))


TASK = Task(
    card=CARD,
    source=HubSource(
        path="google-research-datasets/paws",
        config="labeled_final",
        revision="161ece9501cf0a11f3e48bd356eaa82de46d6a09",
        columns=("sentence1", "sentence2", "label"),
        train=("train", "validation"),
        test="test",
    ),
    example=example,
    group=lambda row: same_words(row["sentence1"]),
    keep=lambda row: row["label"] != 0 or kept(f"{row['sentence1']}\0{row['sentence2']}", SHARE),
    ask=Ask("In meaning these two sentences are", CARD.classes),
)
