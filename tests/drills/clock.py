"""A clock that jumps: days back and forth between two questions, and files of the store from the future."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from drills import Drilled, differing, ended, start, stayed, undisturbed, wait_for, write_suite
from w2s_bench.store.local import Store
from w2s_bench.store.maintenance import artifacts

JUMPS = """
import os, random, time

def jumping(real=time.time, days=random.Random(os.getpid())):
    return real() + days.uniform(-30, 30) * 86400

time.time = jumping
"""
DAY = 86_400.0


def run(size: int, folder: Path) -> Drilled:
    """``size`` runs in processes whose clock jumps, each broken off and gone on with after all files of its
    store were put into the future."""
    rng, lost = Random(0), list[str]()
    whole, _ = undisturbed(folder)
    artifacts = _there(whole.parent / "store")
    suite = write_suite(folder / "drill.toml")
    (folder / "sitecustomize.py").write_text(JUMPS, "utf8")
    there = {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])}
    for k in range(size):
        out, store = folder / f"run-{k}", folder / f"store-{k}"
        process = start(suite, out, store, folder, settings=there)
        wait_for(process, store, rng.randrange(1, artifacts))
        process.kill()
        process.communicate()
        _age(store, rng.uniform(-20, -10))
        ended(start(suite, out, store, folder, settings=there))
        lost += [*differing(whole, out), *stayed(store, out, folder)]
        before = _there(store)
        _age(store, -10)
        _prune(store, "--older", "5")
        lost += (
            [f"{before - now} artifacts of the future were pruned"] if (now := _there(store)) < before else []
        )
    return Drilled(
        done="a run whose clock jumps by days, killed, and gone on with in a store from the future",
        times=size,
        lost=lost,
    )


def _age(store: Path, days: float) -> None:
    """Make all files as old as that."""
    when = time.time() - days * DAY
    for path in store.rglob("*"):
        os.utime(path, (when, when))


def _there(store: Path) -> int:
    return len(list(artifacts(Store(store))))


def _prune(store: Path, *what: str) -> None:
    command = [sys.executable, "-m", "w2s_bench", "store", "prune", *what, "--yes", "--store", str(store)]
    subprocess.run(command, check=True, capture_output=True)
