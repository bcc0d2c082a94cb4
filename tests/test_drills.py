"""The short form of each drill (tests/drills); the full forms are ``make drill``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from drills.__main__ import FULL

SHORT = {"kills": 1, "sharing": 2}


@pytest.mark.parametrize("name", list(FULL))
def test_nothing_is_lost(name: str, tmp_path: Path) -> None:
    found = import_module(f"drills.{name}").run(SHORT[name], tmp_path)
    assert found.lost == [] and found.times >= SHORT[name]
