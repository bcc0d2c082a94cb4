"""Execute a plan: every unfinished job once, as soon as what it needs is there.

A student that fails is told by its name and the run goes on without it; whatever goes wrong with data,
teachers, ceilings or the store stops the run.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace

from w2s_bench.errors import FitFailed
from w2s_bench.harness.executors import Executor
from w2s_bench.harness.job import FitJob, Job
from w2s_bench.harness.plan import Plan
from w2s_bench.harness.steps import Site
from w2s_bench.records import CellRecord
from w2s_bench.store_remote import store_at

OnDone = Callable[[Job], None]
OnFailed = Callable[["Failure"], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed, or was skipped because one that it needs did; ``reason`` is one line."""

    job: Job
    reason: str
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How many fits were run now, how many were finished before, and which jobs failed."""

    run: int
    finished: int
    failures: tuple[Failure, ...] = ()

    @property
    def reasons(self) -> dict[str, str]:
        """Why a job has no result, by key."""
        return {f.job.key: f.reason for f in self.failures}


def run_plan(
    plan: Plan,
    executor: Executor,
    site: Site,
    on_done: OnDone = lambda job: None,
    on_failed: OnFailed = lambda failure: None,
) -> Tally:
    """Run what is missing. Whatever had finished stays in the store, also when an error stops the run."""
    missing = {job.key: job for job in plan.to_run(store_at(site.store))}
    before = _fits(plan.jobs.values()) - _fits(missing.values())
    try:
        failures = _drain(missing, executor, site, on_done, on_failed)
    except BaseException:
        executor.close(wait=False)
        raise
    executor.close(wait=True)
    run = _fits(missing.values()) - _fits(f.job for f in failures)
    return Tally(run, before, tuple(failures))


def marked(cells: list[CellRecord], reasons: dict[str, str]) -> list[CellRecord]:
    """Cells of which those without a student say why."""
    return [
        replace(cell, failed=reasons[cell.student_key]) if cell.student_key in reasons else cell
        for cell in cells
    ]


def _drain(
    missing: dict[str, Job], executor: Executor, site: Site, on_done: OnDone, on_failed: OnFailed
) -> list[Failure]:
    waiting = dict(missing)  # in the plan's order: teachers before their students
    running: dict[Future[str], Job] = {}
    open_keys, failures = set(missing), {}

    def fail(failure: Failure) -> None:
        failures[failure.job.key] = failure
        on_failed(failure)
        for job in [j for j in waiting.values() if failure.job.key in j.needs]:
            del waiting[job.key]
            fail(Failure(job, f"needs what failed: {failure.reason}", skipped=True))

    while waiting or running:
        for job in _ready(waiting, open_keys, executor.slots - len(running)):
            running[executor.submit(job, site)] = waiting.pop(job.key)
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            job = running.pop(future)
            try:
                future.result()
            except FitFailed as error:
                if job.sees_gold:
                    raise
                fail(Failure(job, str(error)))
                continue
            open_keys.discard(job.key)
            on_done(job)
    return list(failures.values())


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
