"""Processes that run one sharded fit.

To an executor a group is like one worker: it is called and ended, and if one process dies or hangs, all end.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from w2s_bench.run.workers import Side, Worker
from w2s_bench.store.temp_files import scratch


class WorkerGroup:
    """``size`` processes that share each fit (:mod:`w2s_bench.train.fsdp`) on one kind of device."""

    def __init__(self, side: Side, size: int, device: str) -> None:
        self.side, self._size, self._device = side, size, device
        self._workers: list[Worker] = []
        self._folder: Path | None = None

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        last_argument: Callable[[], Any] | None = None,
        **options: Any,
    ) -> Any:
        """Call a module's function in all processes; returns the value of the first.

        ``last_argument`` is called once for all; ``options`` as of :meth:`Worker.call`. Errors: as of a
        worker; after any of them the next call starts new processes.
        """
        from w2s_bench.train.fsdp import on_rank

        self._start()
        arguments = arguments if last_argument is None else (*arguments, last_argument())
        with ThreadPoolExecutor(self._size) as threads:
            meeting = str(self._folder / "meeting")  # type: ignore[operator]
            shared = self._size, meeting, self._device, function, *arguments
            parts = [
                threads.submit(worker.call, on_rank, rank, *shared, **options)
                for rank, worker in enumerate(self._workers)
            ]
            done, _ = wait(parts, return_when=FIRST_EXCEPTION)
            if failed := next((p.exception() for p in parts if p in done and p.exception()), None):
                self.end()  # the others wait for the one that failed
                raise failed
        return parts[0].result()

    def _start(self) -> None:
        if not self._workers:
            self._folder = scratch()
            self._workers = [Worker(self.side) for _ in range(self._size)]

    def end(self) -> None:
        """End all processes, whatever they do."""
        for worker in self._workers:
            worker.end()
        self._workers = []
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
