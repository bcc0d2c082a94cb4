"""Processes that run overlapping suites in one store at the same time: every job is done once."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from drills import METHODS, TASKS, Drilled, differing, ended, start, stayed, undisturbed, write_suite

CONTAINER = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc")
# What each process asks for, in turn: all of it, or a part that others ask for too.
SHARES: tuple[dict[str, Any], ...] = (
    {},
    {"seeds": (1, 0)},
    {"methods": METHODS[1:]},
    {"tasks": TASKS[1:]},
    {"methods": METHODS[:1], "seeds": (0,)},
    {"tasks": TASKS[:1]},
    {"methods": METHODS[::2]},
    {},
)


def run(size: int, folder: Path) -> Drilled:
    """``size`` processes, every other one as on another machine where this one allows that."""
    store = folder / "store"
    runs = [
        start(
            write_suite(folder / f"drill-{k}.toml", **SHARES[k % len(SHARES)]),
            *(folder / f"run-{k}", store, folder),
            elsewhere() if k % 2 else (),
            workers=1,
        )
        for k in range(size)
    ]
    fits = sum(map(ended, runs))
    there = len(list(store.glob("fit/??/*/checksums.json")))
    lost = [f"{fits} fits run for {there} in the store"] if fits != there else []
    lost += stayed(store, folder / "run-0", folder) + differing(undisturbed(folder)[0], folder / "run-0")
    apart = ", half of them in another name space of process ids" if elsewhere() else ""
    return Drilled(
        done=f"processes with overlapping suites in one store{apart}: {there} fits, each made once",
        times=size,
        lost=lost,
    )


@cache
def elsewhere() -> tuple[str, ...]:
    """How to start a process as on another machine, which cannot see whether one here lives; empty where that
    is not allowed."""
    try:
        allowed = subprocess.run([*CONTAINER, "true"], capture_output=True).returncode == 0
    except OSError:
        allowed = False
    return CONTAINER if allowed else ()
