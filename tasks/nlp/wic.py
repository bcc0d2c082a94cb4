"""WiC: does a word mean the same in two sentences?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard

CARD = TaskCard(
    name="nlp/wic",
    domain="nlp",
    title="Does a word mean the same in two sentences?",
    source="hub aps/super_glue (wic), train and validation splits",
    licence="research use (SuperGLUE); CC-BY-NC-4.0 where the set was first published",
    citation="Pilehvar and Camacho-Collados 2019, arXiv 1808.09121; Wang et al. 2019, arXiv 1905.00537",
    group="word",
    size="5,428 pairs to train on, 638 for the test",
    classes=("different", "same"),
    pretraining="not known; the sentences are examples of WordNet, VerbNet and Wiktionary, which stand on "
    "web pages",
    notes="The labels of the official test split are not public, so the validation split is the test set.",
)


def example(row: Row) -> Example:
    """Both sentences, a line each, and the word."""
    one, other, word = (row[column].strip() for column in ("sentence1", "sentence2", "word"))
    if not (one and other and word):
        raise ValueError("empty sentence or word")
    prompt = f"{one}\n{other}\nWord: {word}"
    return Example(prompt=prompt, options=CARD.classes, gold=row["label"], group=word)


TASK = Task(
    card=CARD,
    source=HubSource(
        path="aps/super_glue",
        config="wic",
        revision="3de24cf8022e94f4ee4b9d55a6f539891524d646",
        columns=("word", "sentence1", "sentence2", "label"),
        test="validation",
    ),
    example=example,
    group=lambda row: row["word"].strip(),
    ask=Ask("The meaning of this word in the two sentences is", CARD.classes),
)
