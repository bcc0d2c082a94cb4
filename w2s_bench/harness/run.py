"""Execute a plan: every unfinished job once, as soon as what it needs is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from w2s_bench.errors import UserError
from w2s_bench.harness.executors import Executor
from w2s_bench.harness.job import FitJob, Job
from w2s_bench.harness.plan import Plan
from w2s_bench.harness.steps import Site
from w2s_bench.store import Store

OnDone = Callable[[Job], None]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many fits were run now, and how many were finished before."""

    run: int
    finished: int


def run_plan(plan: Plan, executor: Executor, site: Site, on_done: OnDone = lambda job: None) -> Tally:
    """Run what is missing. The first error stops the run; whatever had finished stays in the store."""
    missing = {job.key: job for job in plan.to_run(Store(site.store))}
    before = _fits(plan.jobs.values()) - _fits(missing.values())
    try:
        _drain(missing, executor, site, on_done)
    except BaseException:
        executor.close(wait=False)
        raise
    executor.close(wait=True)
    return Tally(_fits(missing.values()), before)


def _drain(missing: dict[str, Job], executor: Executor, site: Site, on_done: OnDone) -> None:
    waiting = dict(missing)  # in the plan's order: teachers before their students
    running: dict[Future[str], Job] = {}
    open_keys = set(missing)
    try:
        while waiting or running:
            for job in _ready(waiting, open_keys, executor.slots - len(running)):
                running[executor.submit(job, site)] = waiting.pop(job.key)
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
                job = running.pop(future)
                open_keys.discard(job.key)
                on_done(job)
    except BrokenProcessPool:  # it does not say whose process it was
        raise UserError(
            "a worker process died",
            where=" or ".join(job.title for job in running.values()),
            expected="workers that end by themselves",
            mend="it may have run out of memory: try again with fewer --workers; finished jobs are kept",
        ) from None


def _ready(waiting: dict[str, Job], open_keys: set[str], slots: int) -> list[Job]:
    """The first jobs in order whose needs are finished; no more than there are free slots."""
    ready: list[Job] = []
    for job in waiting.values():
        if len(ready) >= slots:
            break
        if not open_keys.intersection(job.needs):
            ready.append(job)
    return ready


def _fits(jobs: object) -> int:
    return sum(isinstance(job, FitJob) for job in jobs)  # type: ignore[attr-defined]
