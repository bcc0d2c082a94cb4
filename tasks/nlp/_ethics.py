"""What the parts of ETHICS share: where they come from, and their cards."""

from __future__ import annotations

from w2s_bench.sources import HubSource
from w2s_bench.task import TaskCard

REVISION = (
    "Upstream's main branch is a loading script; its conversion to Parquet is a branch whose commit could "
    "not be looked up, so that of the day enters every key."
)
HARD = "Upstream kept for it what models got wrong (adversarial filtration)."


def ethics(config: str, *columns: str) -> HubSource:
    """The training and test splits of a part."""
    return HubSource(
        path="hendrycks/ethics",
        config=config,
        revision="refs/convert/parquet",
        files=f"{config}/{{split}}/*.parquet",
        columns=columns,
        test="test",
    )


def card(
    part: str, *, title: str, group: str, size: str, classes: tuple[str, ...] = (), notes: str = ""
) -> TaskCard:
    """A part's card."""
    return TaskCard(
        name=f"nlp/ethics-{part}",
        domain="nlp",
        version=1,
        title=title,
        source=f"hub hendrycks/ethics ({part}), train and test splits",
        licence="MIT",
        citation="Hendrycks et al. 2021, arXiv 2008.02275",
        language="en",
        group=group,
        size=size,
        classes=classes,
        companions=(f"nlp/ethics-{part}-hard",),
        pretraining="not known; the scenarios were written by paid writers for this set",
        notes=f"{notes} {REVISION}".strip(),
    )
