"""What the cards of preference sets from the hub share."""

from __future__ import annotations

from typing import Any

from w2s_bench.task import TaskCard

UNPINNED = " The commit could not be looked up: that of the day enters every key."
TEXTS = "public texts and replies, likely in the corpora of models since"


def preferences(name: str, **fields: Any) -> TaskCard:
    """A card of English preference pairs, version 1."""
    shared = {"domain": "reward", "version": 1, "language": "en", "group": "prompt", "pretraining": TEXTS}
    return TaskCard(name=f"reward/{name}", **(shared | fields))
