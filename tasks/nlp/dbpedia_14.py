"""DBpedia-14: which of fourteen kinds of thing is an article about?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import TaskCard
from w2s_bench.tasks.nlp._text import text_task

EVERY = 5

CARD = TaskCard(
    name="nlp/dbpedia-14",
    domain="nlp",
    title="Encyclopedia articles by kind, fourteen classes",
    source="hub fancyzhx/dbpedia_14, train and test splits, one row in five of each",
    licence="CC-BY-SA-3.0",
    citation="Zhang et al. 2015, arXiv 1509.01626; Lehmann et al. 2015, Semantic Web",
    group="the words of title and text",
    size="112,000 of 560,000 articles to train on, 14,000 of 70,000 for the test",
    classes=(
        "company", "educational institution", "artist", "athlete", "office holder", "means of transportation",
        "building", "natural place", "village", "animal", "plant", "album", "film", "written work",
    ),
    pretraining="The texts are beginnings of Wikipedia articles, which are in The Pile and most public "
    "corpora; the kinds are DBpedia's.",
)  # fmt: skip


def text(row: Row) -> str:
    """Title and beginning of the article, a line each."""
    return f"{row['title'].strip()}\n{row['content'].strip()}".strip()


TASK = text_task(
    CARD,
    HubSource(
        path="fancyzhx/dbpedia_14",
        revision="9abd46cf7fc8b4c64290f26993c540b92aa145ac",
        columns=("title", "content", "label"),
        test="test",
        every=EVERY,
    ),
    "This article is about a thing of the kind",
    text,
)
