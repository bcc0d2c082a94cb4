"""What the mirror with real rows holds of a task's data set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

# Tasks that thin a class by one share, counted over all pooled splits of the complete data set. A mirror that
# lacks one of these splits has other shares of its classes, so that thinning cannot balance them.
BALANCED_AS_A_WHOLE = {"nlp/twitter-sentiment": "train"}


def needs_real_rows(task: Any, mirror: Path) -> None:
    """Skip where the mirror lacks the data set, the configuration or all splits of a task of the hub."""
    source = hub_source(task)
    readme = mirror / source.path / "README.md"
    if not readme.is_file():
        pytest.skip(f"{source.path} is not in the mirror")
    if source.config and f"config_name: {source.config}\n" not in readme.read_text("utf8"):
        pytest.skip(f"{source.path} has no configuration {source.config} in the mirror")


def unbalanced_copy(task: Any, mirror: Path) -> str:
    """Why the classes of the mirror's rows need not be balanced; empty where the mirror has all splits."""
    split = BALANCED_AS_A_WHOLE.get(task.card.name)
    if split is None or split in splits_of(hub_source(task), mirror):
        return ""
    return f"the mirror lacks split {split!r}, over which {task.card.name} balances its classes"


def splits_of(source: Any, mirror: Path) -> set[str]:
    """Splits that the card of a data set in the mirror lists for the configuration of a source."""
    text = (mirror / source.path / "README.md").read_text("utf8")
    blocks = re.split(r"^- config_name: ", text, flags=re.MULTILINE)[1:]
    (block,) = [b for b in blocks if b.splitlines()[0] == source.config]
    return set(re.findall(r"- split: (\S+)", block))


def hub_source(task: Any) -> Any:
    """The data set on the hub below whatever wraps it."""
    source = task.source
    while not hasattr(source, "path"):
        source = source.source
    return source
