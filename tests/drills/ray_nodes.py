"""The drill of docs/how-to/scale.md: the quick suite on two Ray nodes, one killed, against one machine.

``PYTHONPATH=tests python -m drills.ray_nodes --out runs/ray-drill``; it takes three times the quick suite.
``--store`` names a store whose finished jobs stand for the run of the local executor.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from support.ray_cluster import cluster, kill

from drills import FILES
from w2s_bench.api import Finished, run_suite
from w2s_bench.plan.job import Job
from w2s_bench.run.ray_executor import RayExecutor
from w2s_bench.run.settings import RunSettings


def main() -> None:
    """Three runs, then a line for each file; exit status 1 where one differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/ray-drill"))
    options.add_argument("--store", type=Path, help="Finished jobs of the local executor.")
    options.add_argument("--suite", default="quick")
    options.add_argument("--kill-after", type=int, default=100, help="Jobs until a node is killed.")
    given = options.parse_args()
    say(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, suite {given.suite}")
    wall(given.out / "wall")
    for name, after in (("ray-killed", given.kill_after), ("ray", None)):
        told(name, on_ray(given.suite, given.out, name, after))
    local = RunSettings(out=given.out / "local", store=given.store or given.out / "local-store", device="cpu")
    told("local", run_suite(given.suite, local))
    same = [compare(given.out, name, file) for name in ("ray", "ray-killed") for file in FILES]
    raise SystemExit(not all(same))


def wall(folder: Path) -> None:
    """The canary of tests/run/test_gold.py on Ray: a method that searches its process finds no gold there."""
    import test_gold

    folder.mkdir(parents=True)
    plan, _ = test_gold.canary(folder.resolve())
    with cluster() as (address, _nodes):
        executor = RayExecutor(test_gold.site(folder.resolve()), address)
        tally = test_gold.sung(folder.resolve(), executor, plan)
    found = "; ".join(tally.reasons.values()) or "no gold found"
    say(f"a method that searches its process: {found}")
    if tally.failures:
        raise SystemExit(1)


def on_ray(suite: str, out: Path, name: str, kill_after: int | None) -> Finished:
    """A run with a store of its own on two nodes; one is killed after so many jobs."""
    with cluster() as (address, nodes):
        done = 0

        def on_done(job: Job) -> None:
            nonlocal done
            done += 1
            if done == kill_after:
                kill(nodes[0])
                say(f"{name}: a node killed after {done} jobs, at {job.title}")

        where = RunSettings(
            out=out / name, store=out / f"{name}-store", device="cpu", executor="ray", address=address
        )
        return run_suite(suite, where, on_done=on_done)


def told(name: str, done: Finished) -> None:
    """One line a run."""
    fits = f"{done.tally.run} fits run, {done.tally.finished} finished before, {len(done.run.failed)} failed"
    say(f"{name}: {fits}, {done.seconds:.0f} s")


def compare(out: Path, name: str, file: str) -> bool:
    """Whether a file is that of the local run, to the byte."""
    here, there = ((out / run / file).read_bytes() for run in ("local", name))
    say(f"{name}/{file}: {'equal' if here == there else 'DIFFERENT'}, {len(there)} bytes")
    return here == there


def say(text: str) -> None:
    """At once, so that a log shows where it stands."""
    print(f"[{time.perf_counter():.0f} s] {text}", flush=True)


if __name__ == "__main__":
    main()
