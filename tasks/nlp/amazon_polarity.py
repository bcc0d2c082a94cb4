"""Amazon polarity: is a customer's review negative or positive?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import TaskCard
from w2s_bench.tasks.nlp._text import SENTIMENT, text_task

EVERY = 12

CARD = TaskCard(
    name="nlp/amazon-polarity",
    domain="nlp",
    title="Customers' reviews of Amazon, two classes",
    source="hub fancyzhx/amazon_polarity, train and test splits, one row in twelve of each",
    licence="Apache-2.0 (as the hub states)",
    citation="Zhang et al. 2015, arXiv 1509.01626; McAuley and Leskovec 2013, RecSys",
    group="the review's words; which reviews are of one product is not in the data",
    size="300,000 of 3.6 million reviews to train on, about 33,000 of 400,000 for the test",
    classes=SENTIMENT,
    companions=("nlp/imdb", "nlp/twitter-sentiment"),
    pretraining="not known; reviews of shops stand on web pages",
    notes="Reviews of one or two stars are negative, of four or five positive. One of the sets of the code "
    "of Burns et al. 2023, which reads all rows.",
)


def text(row: Row) -> str:
    """Title and content, a line each."""
    return f"{row['title'].strip()}\n{row['content'].strip()}"


TASK = text_task(
    CARD,
    HubSource(
        path="fancyzhx/amazon_polarity",
        revision="9d9c45c18f8c3cf1b23a3c27917b60cbf28f3289",
        columns=("title", "content", "label"),
        test="test",
        every=EVERY,
    ),
    "this review is",
    text,
)
