"""IMDB: is a whole movie review negative or positive?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import TaskCard
from w2s_bench.tasks.nlp._text import SENTIMENT, text_task

CARD = TaskCard(
    name="nlp/imdb",
    domain="nlp",
    title="Movie reviews of IMDB, two classes",
    source="hub stanfordnlp/imdb (plain_text), train and test splits",
    licence="none stated upstream",
    citation="Maas et al. 2011, ACL",
    group="the review's words; which reviews are of one film is not in the data",
    size="25,000 reviews to train on, 25,000 for the test",
    classes=SENTIMENT,
    companions=("nlp/amazon-polarity", "nlp/twitter-sentiment"),
    pretraining="The reviews stand on public web pages and the archive on many mirrors; that corpora made of "
    "web pages hold some of them is to be expected.",
    findings=(
        ("bag of words", "reviews are long, and single words give most opinions away"),
        ("truncated", "reviews are long; the end is kept, where reviewers often sum up"),
    ),
    notes="Line breaks of HTML are turned into spaces. Reviews are long: models with a short context see "
    "their end.",
)


def text(row: Row) -> str:
    """The review without upstream's HTML line breaks."""
    return str(row["text"].replace("<br />", " "))


TASK = text_task(
    CARD,
    HubSource(
        path="stanfordnlp/imdb",
        config="plain_text",
        revision="e6281661ce1c48d982bc483cf8a173c1bbeb5d31",
        columns=("text", "label"),
        test="test",
    ),
    "this review is",
    text,
)
