"""Summarize from feedback: which of two summaries of a post did people prefer?"""

from collections.abc import Iterator
from pathlib import Path

from w2s_bench.sources import Expanded, HubSource, Row
from w2s_bench.task import Ask, Example, Task, preference
from w2s_bench.tasks.reward._card import UNPINNED, preferences

CARD = preferences(
    "summarize-from-feedback",
    title="Learning to summarize from human feedback: comparisons of summaries",
    source="hub openai/summarize_from_feedback (comparisons), train split; validation split as the test set",
    licence="none stated on the hub",
    citation="Stiennon et al. 2020, arXiv 2009.01325",
    group="post (info.id)",
    size="about 92,900 comparisons to train on, 86,100 for the test",
    notes="Posts are from Reddit (TL;DR), in the test also news articles. One post has several comparisons. "
    "Names of workers, batches, notes and confidences are not kept. Upstream's main branch is a loading "
    "script; its conversion to Parquet is a branch." + UNPINNED,
)


def read(raw: Row) -> Iterator[Row]:
    """Post, two summaries and the better one; whatever else the comparison holds ends here."""
    info = raw["info"]
    text = info["post"] if info["post"] is not None else info["article"]
    title = f"{info['title'].strip()}\n" if info["title"] else ""
    one, two = (summary["text"].strip() for summary in raw["summaries"])
    yield {"id": info["id"], "post": title + text.strip(), "one": one, "two": two, "choice": raw["choice"]}


def example(row: Row) -> Example:
    """``choice`` is the index of the better summary."""
    if row["choice"] not in (0, 1):
        raise ValueError(f"choice {row['choice']!r} is neither 0 nor 1")
    better, worse = (row["two"], row["one"]) if row["choice"] else (row["one"], row["two"])
    return preference(f"{row['post']}\n\nSummary:", better, worse, group=row["id"])


TASK = Task(
    card=CARD,
    source=Expanded(
        source=HubSource(
            path="openai/summarize_from_feedback",
            config="comparisons",
            revision="refs/convert/parquet",
            files="comparisons/{split}/*.parquet",
            columns=("info", "summaries", "choice"),
            test="validation",
        ),
        expand=read,
        code=(Path(__file__),),
    ),
    example=example,
    group=lambda row: str(row["id"]),
    ask=Ask("Is this a good summary of the post? Answer:", ("no", "yes")),
)
