"""A crew: worker processes of one side that do every job together, one part each.

To an executor it is like one worker: it is called, ended, and one that dies or hangs ends with all others.
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
        latest: Callable[[], Any] | None = None,
        **how: Any,
    ) -> Any:
        """Call a module's function in all of them, with ``latest``, asked once for all, and ``how`` of
        :meth:`Worker.call`; what the first gave. Errors: as of a worker; after any of them new processes are
        started for the next call."""
        from w2s_bench.train.fsdp import on_rank

        self._start()
        arguments = arguments if latest is None else (*arguments, latest())
        with ThreadPoolExecutor(self._size) as threads:
            meeting = str(self._folder / "meeting")  # type: ignore[operator]
            parts = [
                threads.submit(
                    worker.call,
                    on_rank,
                    *(rank, self._size, meeting, self._device, function, *arguments),
                    **how,
                )
                for rank, worker in enumerate(self._workers)
            ]
            done, _ = wait(parts, return_when=FIRST_EXCEPTION)
            if failed := next(
                (part.exception() for part in parts if part in done and part.exception()), None
            ):
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
