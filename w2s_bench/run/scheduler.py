"""Run a plan: each unfinished job once, as soon as the jobs that it needs are finished.

Runs that share a store share the work: a run waits for a job that another one is doing. If a student fails,
the run continues without it. An error of data, teachers, ceilings or the store stops the run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path

from w2s_bench.errors import FitFailed
from w2s_bench.plan.job import FitJob, Job
from w2s_bench.plan.plan import Plan, finished
from w2s_bench.records import CellRecord
from w2s_bench.run.executors import Executor, InlineExecutor, LocalExecutor
from w2s_bench.run.job_locks import JobLocks, sweep_locks
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.maintenance import sweep_checkpoints, sweep_drafts
from w2s_bench.store.remote import store_at
from w2s_bench.store.temp_files import SCRATCH, sweep

POLL = 0.2  # seconds between two checks whether another run has finished a job

OnDone = Callable[[Job], None]
OnFailed = Callable[["Failure"], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed, or was skipped because one that it needs failed; ``reason`` is one line."""

    job: Job
    reason: str
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of fits that this run did and that were finished otherwise, and the failed jobs."""

    run: int
    finished: int
    failures: tuple[Failure, ...] = ()

    @property
    def reasons(self) -> dict[str, str]:
        """Reasons of failure by the job's key."""
        return {f.job.key: f.reason for f in self.failures}


def run_plan(
    plan: Plan,
    executor: Executor,
    settings: RunSettings,
    on_done: OnDone = lambda job: None,
    on_failed: OnFailed = lambda failure: None,
) -> Tally:
    """Run the unfinished jobs, after removing what killed runs left behind.

    Finished jobs stay in the store if an error stops the run.
    """
    store = store_at(settings.store_place)
    sweep_drafts(store)
    sweep_checkpoints(store)
    sweep_locks(store)
    sweep(Path(tempfile.gettempdir()), SCRATCH)
    missing = {job.key: job for job in plan.to_run(store)}
    before = _fits(plan.jobs.values()) - _fits(missing.values())
    with JobLocks(store) as locks:
        queue = _Queue(missing, locks, executor, settings, on_done, on_failed)
        try:
            queue.drain()
        except BaseException:
            executor.close(wait=False)
            raise
        executor.close(wait=True)
    failures = tuple(queue.failures.values())
    run = _fits(missing.values()) - _fits(f.job for f in failures) - queue.elsewhere
    return Tally(run, before + queue.elsewhere, failures)


def executor_for(settings: RunSettings, jobs: int) -> Executor:
    """The executor for a number of jobs. Errors: UserError for a cluster that does not answer."""
    if not jobs:
        return InlineExecutor()
    if settings.executor == "local":
        return LocalExecutor(min(settings.slots(), jobs))
    from w2s_bench.run.ray_executor import RayExecutor  # an optional dependency

    return RayExecutor(settings, settings.address, settings.workers, settings.gpu_share)


def marked(cells: list[CellRecord], reasons: dict[str, str]) -> list[CellRecord]:
    """The cells, with the reason for those whose student failed."""
    return [
        replace(cell, failed=reasons[cell.student_key]) if cell.student_key in reasons else cell
        for cell in cells
    ]


class _Queue:
    """Waiting jobs, in the plan's order (teachers before their students), and running ones."""

    def __init__(
        self,
        missing: dict[str, Job],
        locks: JobLocks,
        executor: Executor,
        settings: RunSettings,
        on_done: OnDone,
        on_failed: OnFailed,
    ) -> None:
        self._waiting, self._open, self._locks = dict(missing), set(missing), locks
        self._executor, self._settings, self._store = executor, settings, store_at(settings.store_place)
        self._on_done, self._on_failed = on_done, on_failed
        self._running: dict[Future[str], Job] = {}
        self.failures: dict[str, Failure] = {}
        self.elsewhere = 0  # fits that another run finished meanwhile

    def drain(self) -> None:
        """Run all jobs. Errors: those of jobs with gold, and of the store."""
        while self._waiting or self._running:
            others = self._start()
            if self._running:
                done, _ = wait(self._running, POLL if others else None, return_when=FIRST_COMPLETED)
                for future in done:
                    self._end(future)
            elif others:
                time.sleep(POLL)

    def _start(self) -> bool:
        """Fill the free slots with ready jobs; returns whether other runs hold ready jobs."""
        others = False
        for job in list(self._waiting.values()):
            if len(self._running) >= self._executor.slots:
                break
            if self._open.intersection(job.needs):
                continue
            if not self._locks.take(job.key):
                others = True
                continue
            del self._waiting[job.key]
            if finished(job, self._store):
                self.elsewhere += isinstance(job, FitJob)
                self._done(job)
            else:
                self._running[self._executor.submit(job, self._settings)] = job
        return others

    def _end(self, future: Future[str]) -> None:
        job = self._running.pop(future)
        try:
            future.result()
        except FitFailed as error:
            if job.sees_gold:
                raise
            self._locks.release(job.key)
            self._fail(Failure(job, str(error)))
            return
        self._done(job)

    def _done(self, job: Job) -> None:
        self._locks.release(job.key)
        self._open.discard(job.key)
        self._on_done(job)

    def _fail(self, failure: Failure) -> None:
        self.failures[failure.job.key] = failure
        self._on_failed(failure)
        for job in [j for j in self._waiting.values() if failure.job.key in j.needs]:
            if self._waiting.pop(job.key, None):
                self._fail(Failure(job, f"needs what failed: {failure.reason}", skipped=True))


def _fits(jobs: Iterable[Job]) -> int:
    return sum(isinstance(job, FitJob) for job in jobs)
