"""Executors: where jobs run. Local worker processes; an executor only has to submit and to close."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

from w2s_bench.errors import FitFailed, UserError
from w2s_bench.plan.job import Job
from w2s_bench.run.checkpoint_store import Unfinished
from w2s_bench.run.execute import dropping, execute, told_by, work_with_gold
from w2s_bench.run.fit_io import Read, keep, reading, request_of
from w2s_bench.run.input_check import check_unchanged
from w2s_bench.run.settings import RunSettings
from w2s_bench.run.student_process import attend
from w2s_bench.run.worker_group import WorkerGroup
from w2s_bench.run.workers import Died, Hung, Side, Worker
from w2s_bench.store.remote import Place, store_at
from w2s_bench.train.device import pick
from w2s_bench.train.fit_request import FitRequest, FitResult


class Executor(Protocol):
    """Runs jobs somewhere; ``slots`` of them at a time."""

    slots: int

    def submit(self, job: Job, settings: RunSettings) -> Future[str]:
        """Start a job whose needs are finished; the future gives its key."""

    def close(self, *, wait: bool) -> None:
        """Let go of the workers."""


class LocalExecutor:
    """Processes on this machine, on two sides: those that may open gold, and those that run methods.

    A thread of the parent stands by each running job: it makes the lesson and keeps what comes back, so that
    a student's process needs no store. Processes start when the first job of their side does.
    """

    def __init__(self, workers: int) -> None:
        self.slots = workers
        self._threads = ThreadPoolExecutor(workers)
        self._idle: dict[Side, list[Worker | WorkerGroup]] = {"gold": [], "student": []}
        self._all: set[Worker | WorkerGroup] = set()
        self._lock, self._closed = Lock(), False

    def submit(self, job: Job, settings: RunSettings) -> Future[str]:
        """Queue a job."""
        return self._threads.submit(self._gold if job.sees_gold else self._student, job, settings)

    def _gold(self, job: Job, settings: RunSettings) -> str:
        try:
            return str(self._call("gold", settings, work_with_gold, job, settings))
        except (Died, Hung) as error:  # it hangs where it could not even start: there is no limit on gold
            raise UserError(
                f"a worker process {'did not start' if isinstance(error, Hung) else 'died'} ({error})",
                where=job.title,
                expected="workers that end by themselves",
                mend="it may have run out of memory: try again with fewer --workers; finished jobs are kept",
            ) from None

    def _student(self, job: Any, settings: RunSettings) -> str:
        store, unfinished = (
            store_at(settings.store_place),
            Unfinished(settings.store_place, job, settings.checkpoint_every),
        )
        try:
            with told_by(job), dropping(unfinished):
                request = request_of(job, store, self._device(settings), _reading(settings.store_place))
                result = self._learned(request, settings, unfinished)
                check_unchanged(job, settings.hub)
                keep(store, job, result)
        except (Died, Hung) as error:
            raise _failed(job, error) from None
        return job.key

    def _learned(self, request: FitRequest, settings: RunSettings, unfinished: Unfinished) -> FitResult:
        call = attend, request, settings.threads, unfinished.every
        how = {"limit": settings.limit, "told": unfinished.keep, "latest": unfinished.read}
        try:
            found: FitResult = self._call("student", settings, *call, **how)
        except RuntimeError as error:  # something that is no Exception of ours to describe
            raise FitFailed(str(error), where=request.title) from None
        return found

    def _device(self, settings: RunSettings) -> str:
        return str(pick(settings.device))

    def _call(self, side: Side, settings: RunSettings, *call: Any, **how: Any) -> Any:
        """A call in a process of a side, with ``how`` of :meth:`Worker.call`."""
        worker = self._take(side, settings)
        try:
            answer = worker.call(*call, **how)
        except (Died, Hung):
            self._drop(worker)
            raise
        except BaseException:
            self._give_back(worker)
            raise
        self._give_back(worker)
        return answer

    def _take(self, side: Side, settings: RunSettings) -> Worker | WorkerGroup:
        with self._lock:
            if self._closed:
                raise Died("the run is over")
            if self._idle[side]:
                return self._idle[side].pop()
        worker = new_worker(
            side, settings.shards, settings.device
        )  # without the lock: close() need not wait for it
        with self._lock:
            if not self._closed:
                self._all.add(worker)
                return worker
        worker.end()
        raise Died("the run is over")

    def _give_back(self, worker: Worker | WorkerGroup) -> None:
        with self._lock:
            self._idle[worker.side].append(worker)

    def _drop(self, worker: Worker | WorkerGroup) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.end()

    def close(self, *, wait: bool) -> None:
        """Finish (or drop what is queued) and end the processes."""
        if wait:
            self._threads.shutdown(wait=True)
        with self._lock:
            self._closed, workers = True, list(self._all)
        for worker in workers:
            worker.end()
        self._threads.shutdown(wait=False, cancel_futures=True)


@lru_cache(1)
def _reading(where: Place) -> Read:
    """How the items of a store are read, one way for all of its jobs."""
    return reading(store_at(where))


def new_worker(side: Side, shards: int, device: str) -> Worker | WorkerGroup:
    """A process, or several where a fit is spread over them."""
    return WorkerGroup(side, shards, device) if shards > 1 else Worker(side)


def _failed(job: Any, error: Exception) -> FitFailed:
    method = getattr(job, "method", "") or job.title
    if isinstance(error, Hung):
        what = f"{error}: its process was ended"
        return FitFailed(
            what,
            where=f"method {method}",
            expected="a fit within the limit",
            mend="--limit SECONDS gives it more",
        )
    return FitFailed(
        f"its process died ({error})",
        where=f"method {method}",
        expected="a method that returns",
        mend="try again with fewer --workers if memory is short",
    )


class InlineExecutor:
    """Runs each job at once in this process, without limits: for debugging and for tests."""

    slots = 1

    def submit(self, job: Job, settings: RunSettings) -> Future[str]:
        """Run it now."""
        future: Future[str] = Future()
        try:
            future.set_result(execute(job, settings))
        except BaseException as error:
            future.set_exception(error)
        return future

    def close(self, *, wait: bool) -> None:
        """Nothing to let go of."""
