"""RM-Bench as a test set: right and wrong answers that differ little, in three styles."""

from collections.abc import Iterator
from pathlib import Path

from w2s_bench.sources import HubSource, Row
from w2s_bench.tasks.reward._card import preferences
from w2s_bench.tasks.reward._test_only import benchmark

STYLES = ("concise", "detailed", "markdown")  # in this order on both sides

CARD = preferences(
    "rm-bench",
    title="RM-Bench, pairs in three styles; a test set only",
    source="hub THU-KEG/RM-Bench, its one split",
    licence="ODC-BY",
    citation="Liu et al. 2024, arXiv 2410.16184",
    group="prompt (id)",
    size="1,327 prompts with nine pairs each",
    test_only=True,
    findings=(
        ("truncated", "answers are long by design, and two of the three styles are detailed"),
        (
            "contact data",
            "telephone numbers are those of public help lines; e-mail addresses are a help line's and those "
            "of three speakers, at email.com, in the text that one prompt gives",
        ),
    ),
    notes="Three styles of the right answer against three of the wrong one. The tag `kind` names the two "
    "styles, not which side has which: that would tell the answer. Upstream's hard pairs are those in which "
    "the wrong answer has the richer style, its normal ones have equal styles.",
)


def pairs(raw: Row) -> Iterator[Row]:
    """All styles against all styles."""
    if not len(raw["chosen"]) == len(raw["rejected"]) == len(STYLES):
        raise ValueError(f"{len(raw['chosen'])} and {len(raw['rejected'])} styles, three are needed")
    for i, chosen in enumerate(raw["chosen"]):
        for j, rejected in enumerate(raw["rejected"]):
            kind = f"{STYLES[min(i, j)]} and {STYLES[max(i, j)]}"
            sides = {"chosen": chosen, "rejected": rejected, "kind": kind}
            yield {"id": raw["id"], "prompt": raw["prompt"], **sides}


TASK = benchmark(
    CARD,
    HubSource(
        path="THU-KEG/RM-Bench",
        revision="14ba2d8b1f6c70b18204d19a6999d1f52136a245",
        columns=("id", "prompt", "chosen", "rejected"),
        train=(),
        test="train",
    ),
    pairs,
    Path(__file__),
)
