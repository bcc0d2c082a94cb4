"""SHP: which of two Reddit comments on a post did readers vote up?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, preference
from w2s_bench.tasks.reward._card import UNPINNED, preferences

RATIO = 2.0

CARD = preferences(
    "shp",
    title="Stanford Human Preferences: comments on Reddit by votes",
    source="hub stanfordnlp/SHP, train and validation splits pooled; test split",
    licence="Reddit's terms of use; see upstream",
    citation="Ethayarajh et al. 2022, arXiv 2110.08420",
    group="post (post_id)",
    size="348,718 + 18,436 pairs to train on and 18,409 for the test, before weak preferences are left out",
    notes="The better comment was written later and still has at least twice the score: pairs with a lower "
    "ratio of scores are left out, so that ties are none and exposure explains less. Votes are no judgement "
    "of truth. Texts, post and votes are loaded, ids of comments and times are not." + UNPINNED,
)


def example(row: Row) -> Example:
    """``labels`` is 1 where comment A is the better one, else 0."""
    if row["labels"] not in (0, 1):
        raise ValueError(f"label {row['labels']!r} is neither 0 nor 1")
    a, b = row["human_ref_A"].strip(), row["human_ref_B"].strip()
    better, worse = (a, b) if row["labels"] == 1 else (b, a)
    return preference(row["history"].strip(), better, worse, group=row["post_id"], forum=row["domain"])


TASK = Task(
    card=CARD,
    source=HubSource(
        path="stanfordnlp/SHP",
        revision="main",
        columns=("post_id", "domain", "history", "human_ref_A", "human_ref_B", "labels", "score_ratio"),
        train=("train", "validation"),
        test="test",
    ),
    example=example,
    group=lambda row: str(row["post_id"]),
    keep=lambda row: row["score_ratio"] >= RATIO,
    ask=Ask("Is this a good answer? Answer:", ("no", "yes")),
)
