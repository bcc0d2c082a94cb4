"""Splits are pinned: on equal rows every machine draws the same parts, at any time.

``golden/splits.json`` holds a digest of a small split of each nlp task on the rows of the fixtures. It
changes with those rows, a task's code, or the way splits are drawn; the last is a change for everybody's
numbers. To write it anew: ``W2S_WRITE_PINS=1 pytest tests/data/test_split_pins.py``.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from w2s_bench.data.splits import make_split
from w2s_bench.registry.items import items
from w2s_bench.suite import Data
from w2s_bench.task import load_task

PINS = Path(__file__).parents[1] / "golden" / "splits.json"
DATA = Data(teacher=18, transfer=18, validation=4, test=12)
NAMES = [
    name
    for name, item in items("task").items()
    if name.startswith("nlp/") and item.module.startswith("w2s_bench.") and not load_task(name).card.test_only
]


def digest(name: str, hub: Path) -> str:
    """Twelve digits of all parts: ids and gold options in their order."""
    split = make_split(load_task(name), DATA, 0, hub)
    parts = {part: [[i.id for i in drawn.items], drawn.gold.tolist()] for part, drawn in split.items()}
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def pins() -> dict[str, str]:
    """What is pinned, by task."""
    return dict(json.loads(PINS.read_text("utf8"))) if PINS.is_file() else {}


@pytest.mark.parametrize("name", NAMES)
def test_the_split_is_the_pinned_one(name: str, hub: Path) -> None:
    found = digest(name, hub)
    if os.environ.get("W2S_WRITE_PINS") == "1":
        PINS.write_text(json.dumps(dict(sorted({**pins(), name: found}.items())), indent=1) + "\n", "utf8")
    assert pins().get(name) == found


def test_nothing_is_pinned_that_is_not_there() -> None:
    assert set(pins()) == set(NAMES)
