"""SIGKILL at random moments, of the run or of one of its processes; then the same command again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from random import Random

import psutil

from drills import Drilled, differing, start, stayed, undisturbed, wait_for, write_suite
from w2s_bench.store.local import CHECKSUMS, Store
from w2s_bench.store.maintenance import artifacts

AT_MOST = 6  # kills until a run may end
STRIDES = 3  # an undisturbed stretch is a third of a run at most
ORPHANS = 10.0  # seconds in which workers end after their run was killed
STARTS = 5.0  # seconds in which a run begins, or ends with its report
PAUSE = 0.4  # seconds at most between an artifact and a kill


def run(size: int, folder: Path) -> Drilled:
    """``size`` kills, of the run and of one of its processes in turn, in runs that are then resumed. A moment
    is so many artifacts after a start, and some time."""
    whole, _ = undisturbed(folder)
    suite, rng = write_suite(folder / "drill.toml"), Random(0)
    count = len(list(artifacts(Store(whole.parent / "store"))))
    kills, lost = 0, list[str]()
    while kills < size:
        one = _Killed(suite, folder, rng, count)
        one.resume(min(size - kills, AT_MOST))
        lost += [*one.lost, *differing(whole, one.out), *stayed(one.store, one.out, folder)]
        kills += one.kills
        shutil.rmtree(one.store)
        shutil.rmtree(one.out)
    return Drilled(
        done="a run or one of its processes killed (SIGKILL) at a random moment, then resumed",
        times=kills,
        lost=lost,
    )


class _Killed:
    """A run that is killed some times until it may end."""

    def __init__(self, suite: Path, folder: Path, rng: Random, artifacts: int) -> None:
        self._suite, self._folder, self._rng, self._artifacts = suite, folder, rng, artifacts
        self.out, self.store = folder / "run", folder / "store"
        self.kills, self.lost = 0, list[str]()

    def resume(self, kills: int) -> None:
        """The same command until it ends by itself, killed so many times at most."""
        before: dict[str, bytes] = {}
        for attempt in range(kills + 10):
            process = start(self._suite, self.out, self.store, self._folder)
            if self.kills < kills:
                self._kill(process, len(before), worker=attempt % 2 == 1)
            process.communicate()
            now = self._finished()
            self.lost += [f"{name} is gone" for name, sums in before.items() if now.get(name) != sums]
            before = now
            if process.returncode == 0:
                return
        self.lost.append("a run that never ends")

    def _kill(self, process: subprocess.Popen[str], there: int, worker: bool) -> None:
        """One of its processes, after which it ends with an error or with a cell that failed; or the run,
        after which all of them must end."""
        moment = min(there + self._rng.randint(0, self._artifacts // STRIDES), self._artifacts)
        wait_for(process, self.store, moment)
        try:
            process.wait(self._rng.uniform(0.0, PAUSE if there < moment < self._artifacts else STARTS))
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
        found = artifacts(Store(self.store)) if self.store.is_dir() else ()
        return {f"{one.kind}/{one.key}": (one.path / CHECKSUMS).read_bytes() for one in found}
