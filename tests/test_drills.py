"""The short form of each drill (tests/drills); the full forms are ``make drill``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from drills import drilling
from drills.__main__ import FULL

SHORT = {"kills": 1, "interrupts": 1, "sharing": 2, "takeover": 1, "faults": 1}


def test_nothing_is_lost(tmp_path: Path) -> None:
    """One test, since all drills compare with one undisturbed run."""
    assert SHORT.keys() == FULL.keys()
    for name, size in SHORT.items():
        with drilling(tmp_path / name) as folder:
            found = import_module(f"drills.{name}").run(size, folder)
        assert found.lost == [], name
        assert found.times == size or (name == "faults" and found.times > size), name
