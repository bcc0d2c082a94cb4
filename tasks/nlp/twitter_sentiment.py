"""Twitter sentiment: is a message negative or positive?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard
from w2s_bench.tasks.nlp._balance import kept
from w2s_bench.tasks.nlp._text import SENTIMENT, normalised

NEGATIVE, NEUTRAL, POSITIVE = range(3)
SHARE = 0.54  # of the positive messages: about 11,400 / 21,000 of all splits

CARD = TaskCard(
    name="nlp/twitter-sentiment",
    domain="nlp",
    title="Messages of Twitter, two classes, balanced",
    source="hub cardiffnlp/tweet_eval (sentiment), all three splits pooled; our own test set is drawn",
    licence="CC-BY-3.0 and Twitter's terms, as upstream states",
    citation="Rosenthal et al. 2017, SemEval-2017 task 4; Barbieri et al. 2020, arXiv 2010.12421",
    group="the message's words",
    size="about 22,700 of 59,899 messages (45,615 + 2,000 + 12,284)",
    classes=SENTIMENT,
    findings=(("bag of words", "messages are short and outspoken: single words give most opinions away"),),
    notes="Neutral messages are left out, and a hash of the message keeps 54% of the positive ones. "
    "Upstream's test split is more negative than its training split, so that all are pooled. Names are "
    "@user upstream. The paper's set of Twitter sentiment need not be the same.",
)


def example(row: Row) -> Example:
    """The message, and its sentiment. Errors: ValueError for a label that is none."""
    if row["label"] not in (NEGATIVE, POSITIVE):
        raise ValueError(f"label {row['label']!r} is neither negative (0) nor positive (2)")
    gold, text = int(row["label"] == POSITIVE), row["text"].strip()
    return Example(prompt=text, options=SENTIMENT, gold=gold, group=normalised(text))


def keep(row: Row) -> bool:
    """No neutral message, and of the positive ones the share."""
    return row["label"] != NEUTRAL and (row["label"] != POSITIVE or kept(row["text"], SHARE))


TASK = Task(
    card=CARD,
    source=HubSource(
        path="cardiffnlp/tweet_eval",
        config="sentiment",
        revision="b3a375baf0f409c77e6bc7aa35102b7b3534f8be",
        columns=("text", "label"),
        train=("train", "validation", "test"),
    ),
    example=example,
    group=lambda row: normalised(row["text"]),
    keep=keep,
    ask=Ask("this message is", SENTIMENT),
)
