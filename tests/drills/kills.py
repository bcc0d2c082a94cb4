"""SIGKILL at random moments, of the run or of one of its processes; then the same command again."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import psutil

from drills import Drilled, differing, drilling, start, stayed, undisturbed, write_suite
from w2s_bench.keeping import kept
from w2s_bench.store import CHECKSUMS, Store

LANES = 2  # runs at a time
AT_MOST = 4  # kills until a run may end
ORPHANS = 10.0  # seconds in which workers end after their run was killed
IMPORTS = 0.3  # share of a run in which it has nothing to lose yet


def run(size: int, folder: Path) -> Drilled:
    """``size`` kills, of the run and of one of its processes in turn, in runs that are then resumed: two runs
    at a time, each with a store of its own."""
    whole, seconds = undisturbed(folder)
    sizes = [size // LANES + (k < size % LANES) for k in range(LANES)]
    with ThreadPoolExecutor(LANES) as lanes:
        parts = [
            lanes.submit(_lane, kills, folder / str(k), Random(k), whole, seconds)
            for k, kills in enumerate(sizes)
            if kills
        ]
        lost = [what for part in parts for what in part.result()]
    return Drilled(
        done="a run or one of its processes killed (SIGKILL) at a random moment, then resumed",
        times=size,
        lost=lost,
    )


def _lane(size: int, folder: Path, rng: Random, whole: Path, seconds: float) -> list[str]:
    """Runs one after the other until ``size`` of them or of their processes were killed; what was lost."""
    kills, lost = 0, list[str]()
    with drilling(folder):
        suite = write_suite(folder / "drill.toml")
        while kills < size:
            one = _Killed(suite, folder, rng, seconds)
            one.resume(min(size - kills, AT_MOST))
            lost += [*one.lost, *differing(whole, one.out), *stayed(one.store, one.out, folder)]
            kills += one.kills
            shutil.rmtree(one.store)
            shutil.rmtree(one.out)
    return lost


class _Killed:
    """A run that is killed some times until it may end."""

    def __init__(self, suite: Path, folder: Path, rng: Random, seconds: float) -> None:
        self._suite, self._folder, self._rng, self._seconds = suite, folder, rng, seconds
        self.out, self.store = folder / "run", folder / "store"
        self.kills, self.lost = 0, list[str]()

    def resume(self, kills: int) -> None:
        """The same command until it ends by itself, killed so many times at most."""
        before: dict[str, bytes] = {}
        for attempt in range(kills + 10):
            process = start(self._suite, self.out, self.store, self._folder)
            if attempt < kills:
                self._kill_at(
                    process, self._rng.uniform(IMPORTS, 1.0) * self._seconds, worker=attempt % 2 == 1
                )
            process.communicate()
            now = self._finished()
            self.lost += [f"{name} is gone" for name, sums in before.items() if now.get(name) != sums]
            before = now
            if process.returncode == 0:
                return
        self.lost.append("a run that never ends")

    def _kill_at(self, process: subprocess.Popen[str], moment: float, worker: bool) -> None:
        """One of its processes, after which it ends with an error or with a cell that failed; or the run,
        after which all of them must end."""
        try:
            process.wait(moment)
            return
        except subprocess.TimeoutExpired:
            below = psutil.Process(process.pid).children(recursive=True)
        self.kills += 1
        if worker and below:
            self._rng.choice(below).kill()
            return
        process.kill()
        _, alive = psutil.wait_procs(below, ORPHANS)
        self.lost += [f"process {orphan.pid} outlived its run" for orphan in alive]

    def _finished(self) -> dict[str, bytes]:
        """What is finished, with its checksums."""
        found = kept(Store(self.store)) if self.store.is_dir() else ()
        return {f"{one.kind}/{one.key}": (one.folder / CHECKSUMS).read_bytes() for one in found}
