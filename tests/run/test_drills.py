"""The short form of each drill (tests/drills); the full forms are ``make drill``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from drills import drilling
from drills.__main__ import FULL

SHORT = dict.fromkeys(FULL, 1) | {"sharing": 2}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where all drills compare with one undisturbed run, those of pytest's other processes too."""
    base = tmp_path_factory.getbasetemp()
    found = (base if worker_id == "master" else base.parent) / "drills"
    found.mkdir(exist_ok=True)
    return found


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost(name: str, place: Path) -> None:
    with drilling(place / name) as folder:
        found = import_module(f"drills.{name}").run(SHORT[name], folder)
    assert (found.lost, found.times) == ([], SHORT[name])
