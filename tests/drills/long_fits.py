"""Kills (SIGKILL) in the middle of long fits, which then go on within the fit from what was kept of them."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from random import Random
from typing import Any

import psutil

from drills import TASKS, Drilled, differing, ended, start, stayed, write_suite
from w2s_bench.store.maintenance import CHECKPOINT

# A method that trains once, one that selects a moment by what it asked on the way, one that trains twice.
LONG: dict[str, Any] = {
    "tasks": TASKS[:1],
    "methods": ("naive", "early-stopping", "strong-to-strong"),
    "seeds": (0,),
    "epochs": 30,
}
OFTEN = ("--checkpoint-every", "0.1")  # seconds
NEVER = ("--checkpoint-every", "0")


def run(size: int, folder: Path) -> Drilled:
    """``size`` kills of a run, each after another fit was half done; then the run ends by itself."""
    suite, rng = write_suite(folder / "drill.toml", **LONG), Random(0)
    whole = folder / "whole"
    fits = ended(start(suite, whole, folder / "store-whole", folder, more=NEVER))
    out, store = folder / "run", folder / "store"
    kills, lost = 0, list[str]()
    while kills < size:
        process = start(suite, out, store, folder, more=OFTEN)
        if _killed_within_a_fit(process, store, rng):
            kills += 1
            continue
        process.communicate()  # it was through: begin again with everything to lose
        lost += [*differing(whole, out), *stayed(store, out, folder)]
        shutil.rmtree(store)
    went_on = len(list(store.glob(f"{CHECKPOINT}/??/*")))
    ended(start(suite, out, store, folder, more=OFTEN))
    lost += [*differing(whole, out), *stayed(store, out, folder)]
    lost += [] if went_on else ["no fit was half done at the last kill"]
    return Drilled(
        done=f"a run of {fits} fits killed (SIGKILL) within a fit, which went on from its checkpoint",
        times=kills,
        lost=lost,
    )


def _killed_within_a_fit(process: subprocess.Popen[str], store: Path, rng: Random) -> bool:
    """Kill a run, and all it started, some time after a job's checkpoint was written; False if it ended."""
    began = time.time()
    while process.poll() is None:
        if any(_written(path) > began for path in store.glob(f"{CHECKPOINT}/??/*")):
            time.sleep(rng.uniform(0.0, 0.5))
            if not list(store.glob(f"{CHECKPOINT}/??/*")):
                continue  # that fit has ended meanwhile
            below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.kill()
            process.communicate()
            psutil.wait_procs(below, 10.0)
            return bool(below)
        time.sleep(0.02)
    return False


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # replaced or dropped in this moment
        return 0.0
