"""Whole commands, from an empty process to their end: make speed, or pytest -p benchmark this file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from w2s_bench.suite import load_suite

COMMANDS = {
    "--help": ["--help"],
    "list tasks": ["list", "tasks"],
    "list methods": ["list", "methods"],
    "plan of 10,746 jobs": ["plan", "{folder}/large.toml", "--method", "all", "--store", "{folder}/store"],
    "report of 10,290 records": ["report", "{folder}/run"],
}
TIMES = 5


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of ten thousand jobs, and the folder of a run of ten thousand records."""
    from support.big_run import save_big_run

    place = tmp_path_factory.mktemp("speed")
    text = re.sub(r"(?m)^seeds = .*$", f"seeds = {list(range(27))}", load_suite("quick")[1])
    (place / "large.toml").write_text(text, "utf8")
    save_big_run(place / "run")
    return place


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str, folder: Path, benchmark: Any) -> None:
    """Time one command, after a first one that fills the caches."""
    words = [word.format(folder=folder) for word in COMMANDS[command]]
    benchmark.pedantic(
        subprocess.run,
        ([sys.executable, "-m", "w2s_bench", *words],),
        {"check": True, "stdout": subprocess.DEVNULL},
        rounds=TIMES,
        warmup_rounds=1,
    )
