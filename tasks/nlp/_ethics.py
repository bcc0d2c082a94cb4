"""What the parts of ETHICS share: where they come from, and how alike scenarios are kept together."""

from __future__ import annotations

import re

from w2s_bench.sources import HubSource
from w2s_bench.task import TaskCard

REVISION = (
    "Upstream's main branch is a loading script; its conversion to Parquet is a branch whose commit could "
    "not be looked up, so that of the day enters every key. hard_test is unused here."
)


def ethics(config: str, *columns: str) -> HubSource:
    """The training and test splits of a part."""
    return HubSource(
        path="hendrycks/ethics", config=config, revision="refs/convert/parquet", columns=columns, test="test"
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
        notes=f"{notes} {REVISION}".strip(),
    )


def first_words(text: str, count: int) -> str:
    """The first words, in lower case: alike scenarios begin alike. Errors: ValueError without any."""
    words = re.findall(r"\w+", text.lower())
    if not words:
        raise ValueError("empty scenario")
    return " ".join(words[:count])
