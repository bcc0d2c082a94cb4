"""Executors: where jobs run. Local worker processes; an executor only has to submit and to close."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Protocol

from w2s_bench.harness.job import Job
from w2s_bench.harness.steps import Site, execute


class Executor(Protocol):
    """Runs jobs somewhere; ``slots`` of them at a time."""

    slots: int

    def submit(self, job: Job, site: Site) -> Future[str]:
        """Start a job whose needs are finished; the future gives its key."""

    def close(self, *, wait: bool) -> None:
        """Let go of the workers."""


class LocalExecutor:
    """Worker processes on this machine, started fresh (spawn), so that none inherits torch or CUDA state."""

    def __init__(self, workers: int) -> None:
        self.slots = workers
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_quiet)

    def submit(self, job: Job, site: Site) -> Future[str]:
        """Queue a job."""
        return self._pool.submit(execute, job, site)

    def close(self, *, wait: bool) -> None:
        """Finish (or drop what is queued) and end the processes."""
        workers = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=wait, cancel_futures=True)
        if not wait:
            for worker in workers:
                worker.terminate()


def _quiet() -> None:
    """Workers print nothing: the parent's display is the only one. Ctrl-C is the parent's to handle."""
    import signal
    import warnings

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
    except ImportError:
        pass


class InlineExecutor:
    """Runs each job at once in this process: for debugging and for tests."""

    slots = 1

    def submit(self, job: Job, site: Site) -> Future[str]:
        """Run it now."""
        future: Future[str] = Future()
        try:
            future.set_result(execute(job, site))
        except BaseException as error:
            future.set_exception(error)
        return future

    def close(self, *, wait: bool) -> None:
        """Nothing to let go of."""
