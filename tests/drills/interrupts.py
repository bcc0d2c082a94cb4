"""Ctrl-C at random moments: how soon a run ends, what it says, and whether the same command goes on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from drills import Drilled, differing, ended, start, stayed, undisturbed, write_suite
from w2s_bench.cli.main import STOPPED

TOLD = "Finished jobs are kept: run the same command again to resume."
IMPORTS, FITTING = 0.1, 0.9  # shares of a run: Python is starting before, the run is over after


def run(size: int, folder: Path) -> Drilled:
    """``size`` interrupts of a run that then ends. How long each took stands in what was done."""
    rng, took, lost = Random(0), [], []
    suite = write_suite(folder / "drill.toml")
    whole, seconds = undisturbed(folder)
    out, store = folder / "run", folder / "store"
    while len(took) < size:
        process = start(suite, out, store, folder)
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(IMPORTS, FITTING) * seconds)
        clock = time.perf_counter()
        process.send_signal(signal.SIGINT)
        process.wait()
        last = time.perf_counter() - clock
        said, told = process.communicate()
        if said:  # it was through: begin again with everything to lose
            shutil.rmtree(store)
            continue
        took.append(last)
        ok = process.returncode == STOPPED and TOLD in told
        lost += [] if ok else [f"exit status {process.returncode}: {told[-200:]!r}"]
    ended(start(suite, out, store, folder))
    lost += differing(whole, out) + stayed(store, out, folder)
    within = sum(t <= 2.0 for t in took)
    return Drilled(
        done=f"Ctrl-C at a random moment: ended within 2 s {within} times, within {max(took):.1f} s always",
        times=len(took),
        lost=lost,
    )
