"""HH-RLHF as single texts, for comparison only: is this the preferred or the rejected dialogue of a pair?"""

import hashlib
from collections.abc import Iterator

from w2s_bench.sources import Expanded, HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard

TURN = "\n\nAssistant:"

CARD = TaskCard(
    name="nlp/hh-single-text",
    domain="nlp",
    title="Anthropic HH-RLHF, one dialogue of each pair, good or bad: for comparison only",
    source="hub Anthropic/hh-rlhf, train and test splits of all four parts pooled; our own test set is drawn",
    licence="MIT",
    citation="Bai et al. 2022, arXiv 2204.05862",
    group="the dialogue up to its first assistant turn",
    size="one text for each of about 169,000 pairs",
    classes=("bad", "good"),
    pretraining="not known; preference sets of this kind are used to finetune public chat models",
    findings=(("truncated", "dialogues are long; the last reply stands at the end, which is kept"),),
    notes="For comparison only with the code of Burns et al. 2023, which asks the same of single texts: good "
    "and bad are relative to a reply that is not shown, so that the best accuracy is low (the code's own "
    "models stay at 48 to 50%) and a PGR on it says nothing. For preferences use the tasks of the reward "
    "domain. A hash of the pair decides which of the two is shown. Some texts are offensive by design.",
)


def one_of_two(row: Row) -> Iterator[Row]:
    """The dialogue that a hash of both picks, whichever is called chosen. Errors: ValueError if equal."""
    sides = sorted(row[side] for side in ("chosen", "rejected"))
    if sides[0] == sides[1]:
        raise ValueError("the two dialogues are equal")
    text = sides[hashlib.sha256("\0".join(sides).encode("utf8", "replace")).digest()[0] % 2]
    yield {"text": text, "label": int(text == row["chosen"])}


def group(row: Row) -> str:
    """The dialogue up to its first assistant turn. Errors: ValueError without one."""
    start, turn, _ = row["text"].partition(TURN)
    if not turn:
        raise ValueError("no assistant turn")
    return str(start.strip() + turn)


def example(row: Row) -> Example:
    """The whole dialogue, and whether it is the preferred one."""
    return Example(prompt=row["text"].strip(), options=CARD.classes, gold=row["label"], group=group(row))


TASK = Task(
    card=CARD,
    source=Expanded(
        source=HubSource(
            path="Anthropic/hh-rlhf",
            config="default",
            revision="09be8c5bbc57cb3887f3a9732ad6aa7ec602a1fa",
            files="*/{split}.jsonl.gz",
            columns=("chosen", "rejected"),
            train=("train", "test"),
        ),
        expand=one_of_two,
    ),
    example=example,
    group=group,
    ask=Ask("this dialogue is", CARD.classes),
)
