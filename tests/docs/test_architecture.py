"""docs/explanation/architecture.md names functions that exist, that a run calls, and counts them right."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from w2s_bench import api
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.run.settings import RunSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf8")
MOST = {"item": (30, 14), "job": (25, 6), "table": (12, 4)}  # functions and rooms
# Steps that a run in one process does not take: other processes, and what comes after the run.
ELSEWHERE = (
    "run.scheduler:executor_for",
    "run.executors:LocalExecutor.submit",
    "run.student_process:fit_student",
)
LATER = ("submission.", "leaderboard.")

SUITE = """# One pair in one domain
name = "walk"
version = 1
seeds = [0]
methods = ["naive"]
data = { teacher = 60, transfer = 60, validation = 0, test = 40 }
training = { epochs = 1, max_length = 64 }

[[grid]]
tasks = ["nlp/polarity-generated"]
models = ["zoo:text/16x1", "zoo:text/32x1"]
"""


def walk(name: str) -> tuple[list[str], str]:
    """The functions of a walk, in order, and the sentence that counts them."""
    section = PAGE.split(f"## The walk of one {name}\n")[1].split("\n## ")[0]
    return re.findall(r"\| `([\w.]+:[\w.]+)` \|", section), section.strip().splitlines()[-1]


def function(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(f"w2s_bench.{module}")
    for part in path.split("."):
        found = getattr(found, part)
    return getattr(found, "fget", None) or getattr(found, "func", None) or found  # of a (cached) property


@pytest.mark.parametrize("name", MOST)
def test_functions_exist_and_are_counted(name: str) -> None:
    functions, sentence = walk(name)
    for called in functions:
        assert callable(function(called)), called
    rooms = {called.partition(":")[0].split(".")[0] for called in functions}
    count = f"The walk passes {len(functions)} functions in {len(rooms)} rooms."
    assert sentence == count and len(set(functions)) == len(functions)
    most_functions, most_rooms = MOST[name]
    assert len(functions) <= most_functions and len(rooms) <= most_rooms, sorted(rooms)


def test_a_run_calls_what_the_walks_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of three fits in this process, with every call of the package recorded."""
    called = set()

    def record(frame: FrameType, event: str, _: Any) -> None:
        module = str(frame.f_globals.get("__name__", ""))
        if event == "call" and module.startswith("w2s_bench."):
            called.add(f"{module.removeprefix('w2s_bench.')}:{frame.f_code.co_qualname}")

    monkeypatch.setattr(api, "executor_for", lambda settings, jobs: InlineExecutor())
    (tmp_path / "walk.toml").write_text(SUITE)
    before = sys.getprofile()
    sys.setprofile(record)
    try:
        api.run_suite(
            str(tmp_path / "walk.toml"), RunSettings(store=tmp_path / "store", out=tmp_path / "out")
        )
    finally:
        sys.setprofile(before)
    named = {name for kind in MOST for name in walk(kind)[0] if not name.startswith(LATER)}
    assert named - called - set(ELSEWHERE) == set()


def test_every_room_is_in_the_table() -> None:
    rooms = {path.parent.name for path in (ROOT / "w2s_bench").glob("*/__init__.py")}
    assert {room for room in rooms if f"`w2s_bench/{room}/`" not in PAGE} == set()
