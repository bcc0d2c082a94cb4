"""A run that is killed while it has claimed a job, beside another one that wants the same jobs."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import psutil

from drills import Drilled, differing, ended, start, undisturbed, write_suite
from drills.sharing import elsewhere


def run(size: int, folder: Path) -> Drilled:
    """``size`` runs killed; every other one as on another machine, from which the survivor cannot see that it
    is dead."""
    suite, lost, killed = write_suite(folder / "drill.toml"), [], 0
    for k in range(size):
        out, store = folder / f"run-{k}", folder / f"store-{k}"
        apart = elsewhere() if k % 2 == 0 else ()
        victim = start(suite, folder / "victim", store, folder, apart, workers=1)
        survivor = start(suite, out, store, folder, workers=1)
        held = _kill_with_a_claim(victim)
        killed += held
        lost += [] if held else ["nothing was killed: the run ended before it was seen with a claim"]
        ended(survivor)
        lost += [*differing(undisturbed(folder)[0], out), *map(str, store.rglob("*.lock"))]
        shutil.rmtree(store)
    return Drilled(
        done="a run killed (SIGKILL) while it held a claim; another one took its jobs over",
        times=killed,
        lost=lost,
    )


def _kill_with_a_claim(victim: subprocess.Popen[str]) -> bool:
    """Kill a run, and all that it started, at a moment at which it holds a lock."""
    while victim.poll() is None:
        try:
            family = [psutil.Process(victim.pid), *psutil.Process(victim.pid).children(recursive=True)]
            if any(file.path.endswith(".lock") for one in family for file in one.open_files()):
                victim.kill()
                victim.communicate()
                return True
        except psutil.Error:  # one of them ended while it was looked at
            pass
        time.sleep(0.02)
    return False
