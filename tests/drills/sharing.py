"""Processes that run overlapping suites in one store at the same time, one of which is killed."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

from drills import FILES, METHODS, TASKS, Drilled, ended, start, stayed, write_suite

CONTAINER = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")
CONTAINED = ", half of them in another name space of process ids"
# What each process asks for, in turn: all of it, or a part that others ask for too.
SHARES = (
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
    """``size`` processes, every other one of another machine where this one can make a name space of process
    ids; the last of them is killed in the middle."""
    clock = time.perf_counter()
    suites = [write_suite(folder / f"drill-{k}.toml", **SHARES[k % len(SHARES)]) for k in range(size)]  # type: ignore[arg-type]
    store = folder / "store"
    elsewhere = CONTAINER if _can_contain() else ()
    runs = [
        start(suite, folder / f"run-{k}", store, folder, elsewhere if k % 2 else (), workers=1)
        for k, suite in enumerate(suites)
    ]
    lost = _killed(runs[-1], store)
    fits = sum(json.loads(ended(one))["fits_run"] for one in runs[:-1])
    again = json.loads(ended(start(suites[-1], folder / f"run-{size - 1}", store, folder)))
    lost += _counted(fits + again["fits_run"], store)
    lost += stayed(store, folder / "run-0", folder)
    lost += _alone(suites[0], folder)
    return Drilled(
        name="sharing",
        done=f"processes with overlapping suites in one store{CONTAINED if elsewhere else ''}, one killed",
        times=size,
        lost=lost,
        seconds=time.perf_counter() - clock,
    )


def _killed(one: subprocess.Popen[str], store: Path) -> list[str]:
    """Kill it as soon as there are some fits."""
    while one.poll() is None and len(list(store.glob("fit/??/*"))) < 5:
        time.sleep(0.05)
    one.kill()
    one.communicate()
    return []


def _counted(fits: int, store: Path) -> list[str]:
    """Every fit was made once; what the killed process finished was counted by nobody."""
    there = len(list(store.glob("fit/??/*/checksums.json")))
    return [f"{fits} fits run for {there} in the store"] if fits > there else []


def _alone(suite: Path, folder: Path) -> list[str]:
    """The first suite again, in a store of its own: the same bytes."""
    ended(start(suite, folder / "alone", folder / "alone-store", folder))
    found = [
        f"{name} differs"
        for name in FILES
        if (folder / "alone" / name).read_bytes() != (folder / "run-0" / name).read_bytes()
    ]
    shutil.rmtree(folder / "alone-store")
    return found


def _can_contain() -> bool:
    try:
        return subprocess.run([*CONTAINER, "true"], capture_output=True).returncode == 0
    except OSError:
        return False
