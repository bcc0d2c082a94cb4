"""What the parts of ETHICS share: where they come from, and their cards."""

from __future__ import annotations

from w2s_bench.sources import HubSource
from w2s_bench.task import TaskCard

REVISION = "Upstream has a loading script, which is not run: its CSV files are read."
HARD = "Upstream kept for it what models got wrong (adversarial filtration)."


def ethics(config: str, *columns: str) -> HubSource:
    """The training and test splits of a part."""
    return HubSource(
        path="hendrycks/ethics",
        config=config,
        revision="b8b47c589f8bee77175b8648e5497278b68da48a",
        files=f"data/{config}/{{split}}.csv",
        columns=columns,
        test="test",
    )


def hard_file(config: str) -> str:
    """Where the rows of ``hard_test`` lie on the hub, which calls that split otherwise."""
    return f"data/{config}/test_hard.csv"


def card(
    part: str, *, title: str, group: str, size: str, classes: tuple[str, ...] = (), notes: str = ""
) -> TaskCard:
    """A part's card."""
    return TaskCard(
        name=f"nlp/ethics-{part}",
        domain="nlp",
        title=title,
        source=f"hub hendrycks/ethics ({part}), train and test splits",
        licence="MIT",
        citation="Hendrycks et al. 2021, arXiv 2008.02275",
        group=group,
        size=size,
        classes=classes,
        companions=(f"nlp/ethics-{part}-hard",),
        pretraining="not known; the scenarios were written by paid writers for this set",
        notes=f"{notes} {REVISION}".strip(),
    )
