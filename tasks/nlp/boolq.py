"""BoolQ: is the answer to a question no or yes, given a passage?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard
from w2s_bench.tasks.nlp._balance import kept

SHARE = 0.61  # of the questions with yes: 1,237 / 2,033 of the validation split

CARD = TaskCard(
    name="nlp/boolq",
    domain="nlp",
    title="Yes or no questions about a passage, balanced",
    source="hub google/boolq, train and validation splits pooled; our own test set is drawn",
    licence="CC-BY-SA-3.0",
    citation="Clark et al. 2019, arXiv 1905.10044",
    group="passage",
    size="about 9,700 of 12,697 questions (9,427 + 3,270); a mirror may hold one split only",
    classes=("no", "yes"),
    standing="development",
    pretraining="The passages are of Wikipedia, which is in The Pile and most public corpora; the questions "
    "are of web searches. The training split is part of instruction collections such as FLAN's.",
    findings=(
        (
            "near-duplicates",
            "some articles are quoted in several revisions, each a passage of its own; about 2% of the test "
            "questions are asked about such a passage",
        ),
        ("truncated", "the small shipped tokenizer needs more tokens than those of pretrained models"),
    ),
    notes="62% are answered by yes upstream; a hash of the question keeps 61% of these.",
)


def example(row: Row) -> Example:
    """The passage, then the question."""
    passage, question = row["passage"].strip(), row["question"].strip()
    if not (passage and question and isinstance(row["answer"], bool)):
        raise ValueError("a passage, a question and true or false are needed")
    prompt = f"{passage}\nQuestion: {question}?"
    return Example(prompt=prompt, options=CARD.classes, gold=int(row["answer"]), group=passage)


TASK = Task(
    card=CARD,
    source=HubSource(
        path="google/boolq",
        revision="35b264d03638db9f4ce671b711558bf7ff0f80d5",
        columns=("question", "answer", "passage"),
        train=("train", "validation"),
    ),
    example=example,
    group=lambda row: row["passage"].strip(),
    keep=lambda row: row["answer"] is not True or kept(row["question"], SHARE),
    ask=Ask("Answer:", CARD.classes),
)
