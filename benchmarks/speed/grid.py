"""Overhead of scheduling and store, and the gain of a second worker: python -m benchmarks.speed.grid.

Runs a suite (quick, at one seed) on one worker and on two, each in a new store, and prints a line for each.
On one worker, the time between the ends of two jobs that is not the second job's work is overhead.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from w2s_bench.api import run_suite
from w2s_bench.plan.job import Job, SplitJob, artifact_kinds
from w2s_bench.run.settings import RunSettings
from w2s_bench.run.workers import prepare
from w2s_bench.store.local import Store
from w2s_bench.suite import load_suite

WORKERS = (1, 2)


def main() -> None:
    """Run the suite on each number of workers and print the ratio."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.speed.grid", description=__doc__)
    options.add_argument("--suite", default="quick")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        suite = Path(scratch) / "suite.toml"
        text = load_suite(given.suite)[1]
        suite.write_text(re.sub(r"(?m)^seeds = .*$", "seeds = [0]", text), "utf8")
        took = {n: measured(suite, Path(scratch) / str(n), n) for n in WORKERS}
    print(f"two workers: {took[2] / took[1]:.2f} of the time of one")


def measured(suite: Path, folder: Path, workers: int) -> float:
    """Seconds of a run; prints them, and for one worker the overhead."""
    ends: list[tuple[Job | None, float]] = []
    prepare()  # as the command does, while it imports and plans
    clock = time.perf_counter()
    done = run_suite(
        str(suite),
        RunSettings(out=folder / "run", store=folder / "store", workers=workers, device="cpu"),
        on_plan=lambda plan, missing: ends.append((None, time.perf_counter())),
        on_done=lambda job: ends.append((job, time.perf_counter())),
    )
    took = time.perf_counter() - clock
    line = f"{workers} worker{'s' * (workers > 1)}: {done.tally.run} fits in {took:.0f} s"
    if workers == 1:
        lost = sum(idle(ends, Store(folder / "store")))
        line += f", of which {lost:.1f} s ({lost / took:.1%}) are no job's"
    print(line, flush=True)
    return took


def idle(ends: list[tuple[Job | None, float]], store: Store) -> Iterator[float]:
    """Seconds between the ends of two jobs in which the second did not work.

    Without splits, whose time is not stored, and the first job of each side, which waits for its process.
    """
    begun = set[bool]()
    for (_, before), (job, end) in pairwise(ends):
        if job is None or isinstance(job, SplitJob):
            continue
        if job.sees_gold in begun:
            worked = float(store.open(artifact_kinds(job)[0], job.key).json("timing")["seconds"])
            yield end - before - worked
        begun.add(job.sees_gold)


if __name__ == "__main__":
    main()
