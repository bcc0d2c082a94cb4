"""Data, weights and code that are edited while a run goes, or between two runs."""

from __future__ import annotations

import subprocess
import sys
from itertools import cycle
from pathlib import Path

from contract.toys import model_folder

from drills import Drilled, differing, ended, start, stayed, told, wait_for, write_suite

METHOD = """
from w2s_bench.method import Method, MethodCard, cross_entropy

class Mine(Method):
    card = MethodCard(title="mine", paper="none", formula="CE")

    def loss(self, logits, weak, mask, context):
        return cross_entropy(logits, weak) * 1.0
"""
SEEDS = (0, 1, 2, 3)
STATUS = {"method": 1, "task": 2, "model": 2}  # with which the run ends


def run(size: int, folder: Path) -> Drilled:
    """``size`` edits, in turn: of a method's file, of the rows of a task, of a model's folder, while a run
    goes; then the run again, which must be as one that never saw the former files."""
    lost = list[str]()
    for k, (what, status) in zip(
        range(size), cycle([("method", 1), ("task", 2), ("model", 2)]), strict=False
    ):
        place = folder / f"{what}-{k}"
        place.mkdir()
        lost += [f"{what}: {found}" for found in _edited(place, folder, what, status)]
    return Drilled(
        done="rows, weights or a method's code edited while a run goes: told, nothing kept of it; then the "
        "records of a run that never saw the former ones",
        times=size,
        lost=lost,
    )


def _edited(place: Path, folder: Path, what: str, status: int) -> list[str]:
    subprocess.run(
        [sys.executable, "-m", "w2s_bench", "new", "task", "mine"], cwd=place, check=True, capture_output=True
    )
    (place / "mine.py").write_text(METHOD, "utf8")
    model_folder(place / "model")
    suite = write_suite(
        place / "drill.toml",
        tasks=[str(place / "mine.toml")],
        methods=["naive"],
        seeds=SEEDS,
        student=f"hf:{place / 'model'}",
    )
    more = ("--method", f"{place / 'mine.py'}:Mine")
    run, store = place / "run", place / "store"
    process = start(suite, run, store, folder, more=more)
    wait_for(process, store, 1, "gold" if what == "task" else "fit")
    EDITS[what](place)
    lost = told(process, status, f"{what} ", "changed while the run was going")
    ended(start(suite, run, store, folder, more=more))
    ended(start(suite, place / "afresh", place / "store-afresh", folder, more=more))
    return [*lost, *differing(place / "afresh", run), *stayed(store, run, folder)]


def _rows(place: Path) -> None:
    path = place / "mine.csv"
    path.write_text(path.read_text("utf8").replace(" the ", " a "), "utf8")


def _weights(place: Path) -> None:
    path = place / "model" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-64] ^= 1
    path.write_bytes(data)


def _code(place: Path) -> None:
    path = place / "mine.py"
    path.write_text(path.read_text("utf8").replace("* 1.0", "* 1.5"), "utf8")


EDITS = {"method": _code, "task": _rows, "model": _weights}
