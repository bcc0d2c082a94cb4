"""SIGKILL at random moments, of the run or of one of its workers; then the same command again."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psutil

from drills import Drilled, differing, ended, start, stayed, write_suite

AT_MOST = 4  # kills until a run may end
ORPHANS = 10.0  # seconds in which workers end after their run was killed


def run(size: int, folder: Path) -> Drilled:
    """``size`` kills."""
    clock, rng = time.perf_counter(), Random(0)
    suite = write_suite(folder / "drill.toml")
    began = time.perf_counter()
    ended(start(suite, folder / "whole", folder / "whole-store", folder))
    whole = time.perf_counter() - began
    kills, lost = 0, []
    while kills < size:
        k = kills
        out, store = folder / f"run-{k}", folder / f"store-{k}"
        kills += sum(_until_done((suite, out, store), folder, rng, whole, min(size - kills, AT_MOST), lost))
        lost += differing(folder / "whole", out) + stayed(store, out, folder)
        shutil.rmtree(store)
        shutil.rmtree(out)
    return Drilled(
        name="kills",
        done="a run or one of its workers killed (SIGKILL) at a random moment, then resumed",
        times=kills,
        lost=lost,
        seconds=time.perf_counter() - clock,
    )


def _until_done(
    run: tuple[Path, Path, Path], folder: Path, rng: Random, whole: float, most: int, lost: list[str]
) -> Iterator[int]:
    """Start the run, kill it or a worker ``most`` times, and again, until it ends by itself; 1 for each
    kill."""
    suite, out, store = run
    finished: dict[str, str] = {}
    for attempt in range(50):
        process = start(suite, out, store, folder)
        try:
            process.wait(rng.uniform(0.3, 1.0) * whole if attempt < most else None)
        except subprocess.TimeoutExpired:
            _kill(process, worker=attempt % 2 == 1, rng=rng, lost=lost)
            yield 1
        process.communicate()
        now = _finished(store)
        lost += [f"{name} is gone" for name, digest in finished.items() if now.get(name) != digest]
        finished = now
        if process.returncode == 0:
            return
    lost.append("a run that never ends")


def _kill(process: subprocess.Popen[str], worker: bool, rng: Random, lost: list[str]) -> None:
    """The run or, where it has some, one of its workers; all of a killed run must end."""
    below = psutil.Process(process.pid).children(recursive=True)
    if worker and below:
        below[rng.randrange(len(below))].kill()
        process.communicate()  # it ends by itself: with an error, or with a cell that is told as failed
        return
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(below, ORPHANS)
    lost += [f"process {orphan.pid} outlived its run" for orphan in alive]


def _finished(store: Path) -> dict[str, str]:
    """Finished artifacts and the hash of their checksums."""
    found = store.glob("*/??/*/checksums.json") if store.is_dir() else ()
    return {
        str(p.parent.relative_to(store)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in found
        if not p.parent.name.startswith(".")
    }
