"""AG News: which of four sections is a piece of news of?"""

from w2s_bench.sources import HubSource
from w2s_bench.task import TaskCard
from w2s_bench.tasks.nlp._text import text_task

CARD = TaskCard(
    name="nlp/ag-news",
    domain="nlp",
    title="News by section, four classes",
    source="hub fancyzhx/ag_news, train and test splits",
    licence="none stated on the hub; for non-commercial use where the news were first collected",
    citation="Zhang et al. 2015, arXiv 1509.01626",
    group="the text's words",
    size="120,000 pieces to train on, 7,600 for the test",
    classes=("world", "sports", "business", "science and technology"),
    pretraining="not known; the pieces were collected from web pages",
    findings=(("bag of words", "the sections differ in their subjects, which single words name"),),
)


TASK = text_task(
    CARD,
    HubSource(
        path="fancyzhx/ag_news",
        revision="eb185aade064a813bc0b7f42de02595523103ca4",
        columns=("text", "label"),
        test="test",
    ),
    "The section of this news is",
)
