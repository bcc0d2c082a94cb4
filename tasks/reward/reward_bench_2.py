"""RewardBench 2 as a test set: the right completion against each of the wrong ones."""

from collections.abc import Iterator
from pathlib import Path

from w2s_bench.sources import HubSource, Row
from w2s_bench.tasks.reward._card import UNPINNED, preferences
from w2s_bench.tasks.reward._test_only import benchmark

CARD = preferences(
    "reward-bench-2",
    title="RewardBench 2, pairs; a test set only",
    source="hub allenai/reward-bench-2, test split",
    licence="ODC-BY",
    citation="Malik et al. 2025, arXiv 2506.01937",
    group="prompt (id)",
    size="1,763 prompts with three pairs each",
    pretraining="upstream says that its prompts were unseen before 2025",
    test_only=True,
    notes="Upstream counts a prompt as right where the chosen completion beats all three others; here every "
    "pair counts, and guessing is right half the time. The subset Ties, of many right answers, is left out. "
    "The tag `kind` is the subset." + UNPINNED,
)


def pairs(raw: Row) -> Iterator[Row]:
    """The chosen completions against the rejected ones."""
    if raw["subset"] == "Ties":
        return
    for chosen in raw["chosen"]:
        for rejected in raw["rejected"]:
            sides = {"chosen": chosen, "rejected": rejected, "kind": raw["subset"]}
            yield {"id": raw["id"], "prompt": raw["prompt"], **sides}


TASK = benchmark(
    CARD,
    HubSource(
        path="allenai/reward-bench-2",
        revision="main",
        columns=("id", "prompt", "chosen", "rejected", "subset"),
        train=(),
        test="test",
    ),
    pairs,
    Path(__file__),
)
