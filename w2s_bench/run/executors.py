"""Executors, which run jobs: in processes on this machine, or in this process."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

from w2s_bench.errors import FitFailed, UserError
from w2s_bench.plan.job import Job
from w2s_bench.run.checkpoint_store import CheckpointStore
from w2s_bench.run.execute import execute, named_errors, run_fit, run_with_gold
from w2s_bench.run.fit_io import ReadItems, item_reader, request_of
from w2s_bench.run.settings import RunSettings
from w2s_bench.run.student_process import fit_student
from w2s_bench.run.workers import Died, Hung, Side, Worker, WorkerGroup
from w2s_bench.store.remote import Place, store_at
from w2s_bench.train.device import pick
from w2s_bench.train.fit_request import FitRequest, FitResult


class Executor(Protocol):
    """The interface of executors, which run ``slots`` jobs at a time."""

    slots: int

    def submit(self, job: Job, settings: RunSettings) -> Future[str]:
        """Start a job whose needs are finished; the future holds its key."""

    def close(self, *, wait: bool) -> None:
        """End the workers: after the running jobs (``wait``) or at once."""


class LocalExecutor:
    """Worker processes on this machine, separate ones for gold and for students.

    For each running job a thread of the parent builds the student's request and saves the result, so that
    the student's process needs no store. Processes start when they are first needed.
    """

    def __init__(self, workers: int) -> None:
        self.slots = workers
        self._threads = ThreadPoolExecutor(workers)
        self._idle: dict[Side, list[Worker | WorkerGroup]] = {"gold": [], "student": []}
        self._all: set[Worker | WorkerGroup] = set()
        self._lock, self._closed = Lock(), False

    def submit(self, job: Job, settings: RunSettings) -> Future[str]:
        """Queue a job for a worker process of its side."""
        run = self._run_with_gold if job.sees_gold else self._run_student
        return self._threads.submit(run, job, settings)

    def _run_with_gold(self, job: Job, settings: RunSettings) -> str:
        try:
            return str(self._call("gold", settings, run_with_gold, job, settings))
        except (Died, Hung) as error:  # Hung: it did not start in time; gold has no other time limit
            raise UserError(
                f"a worker process {'did not start' if isinstance(error, Hung) else 'died'} ({error})",
                where=job.title,
                expected="workers that end by themselves",
                mend="it may have run out of memory: try again with fewer --workers; finished jobs are kept",
            ) from None

    def _run_student(self, job: Any, settings: RunSettings) -> str:
        store = store_at(settings.store_place)

        def fit_in_worker(request: FitRequest, checkpoints: CheckpointStore) -> FitResult:
            call = fit_student, request, settings.threads, checkpoints.every
            options = {"on_value": checkpoints.save, "last_argument": checkpoints.read}
            try:
                result: FitResult = self._call("student", settings, *call, limit=settings.limit, **options)
            except RuntimeError as error:  # in place of an error that cannot be pickled
                raise FitFailed(str(error), where=request.title) from None
            return result

        try:
            with named_errors(job):
                request = request_of(job, store, self._device(settings), _item_reader(settings.store_place))
                run_fit(job, settings, request, fit_in_worker)
        except (Died, Hung) as error:  # outside run_fit, which then keeps the checkpoint
            raise _student_failed(job, error) from None
        return str(job.key)

    def _device(self, settings: RunSettings) -> str:
        return str(pick(settings.device))

    def _call(self, side: Side, settings: RunSettings, *call: Any, **options: Any) -> Any:
        """Call a function in an idle or new process of a side; arguments as of :meth:`Worker.call`."""
        worker, usable = self._take(side, settings), True
        try:
            return worker.call(*call, **options)
        except (Died, Hung):
            usable = False
            raise
        finally:
            with self._lock:
                if usable:
                    self._idle[side].append(worker)
                else:
                    self._all.discard(worker)
            if not usable:
                worker.end()

    def _take(self, side: Side, settings: RunSettings) -> Worker | WorkerGroup:
        with self._lock:
            if self._closed:
                raise Died("the run is over")
            if self._idle[side]:
                return self._idle[side].pop()
        worker = new_worker(side, settings.shards, settings.device)  # slow, so without the lock
        with self._lock:
            if not self._closed:
                self._all.add(worker)
                return worker
        worker.end()
        raise Died("the run is over")

    def close(self, *, wait: bool) -> None:
        """Wait for the jobs (or drop the queued ones) and end the processes."""
        if wait:
            self._threads.shutdown(wait=True)
        with self._lock:
            self._closed, workers = True, list(self._all)
        for worker in workers:
            worker.end()
        self._threads.shutdown(wait=False, cancel_futures=True)


@lru_cache(1)
def _item_reader(place: Place) -> ReadItems:
    """The reader of a store's items, whose cache all jobs share."""
    return item_reader(store_at(place))


def new_worker(side: Side, shards: int, device: str) -> Worker | WorkerGroup:
    """A worker process, or a group of them if fits are sharded."""
    return WorkerGroup(side, shards, device) if shards > 1 else Worker(side)


def _student_failed(job: Any, error: Exception) -> FitFailed:
    method = getattr(job, "method", "") or job.title
    if isinstance(error, Hung):
        what, expected = f"{error}: its process was ended", "a fit within the limit"
        mend = "--limit SECONDS gives it more"
    else:
        what, expected = f"its process died ({error})", "a method that returns"
        mend = "try again with fewer --workers if memory is short"
    return FitFailed(what, where=f"method {method}", expected=expected, mend=mend)


class InlineExecutor:
    """Runs each job at once in this process, without limits: for debugging and for tests."""

    slots = 1

    def submit(self, job: Job, settings: RunSettings) -> Future[str]:
        """Run the job at once; the future is finished."""
        future: Future[str] = Future()
        try:
            future.set_result(execute(job, settings))
        except BaseException as error:
            future.set_exception(error)
        return future

    def close(self, *, wait: bool) -> None:
        """Do nothing: there are no processes."""
