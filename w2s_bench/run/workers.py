"""Worker processes, each of which answers one call at a time.

Gold and students have separate processes. A student's process starts in an empty folder, without settings
that name the store, and receives only fit requests. A process that hangs or dies is ended and replaced.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import cache
from pathlib import Path
from typing import Any, Literal

from w2s_bench.run.worker_process import Message, serve
from w2s_bench.store.temp_files import scratch

Side = Literal["gold", "student"]
SOCKET, LONGEST_SOCKET = "/pymp-xxxxxxxx/listener-xxxxxxxx", 103  # bytes: Linux takes 107, macOS 103
STARTING = 600.0  # seconds that a process may take to import its libraries


class Died(Exception):
    """A worker process ended unexpectedly; the message says how."""


class Hung(Exception):
    """A call took longer than its time limit."""


@cache
def _context() -> Any:
    """The way to start processes: a fork server that has only imported the libraries.

    Workers inherit modules from it, but neither data nor device state. Windows has no fork server, and the
    path of its socket may be too long for the system; then each process imports the libraries itself.
    """
    too_long = len(tempfile.gettempdir()) + len(SOCKET) > LONGEST_SOCKET
    if too_long or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.preload"])  # by name: this process need not import it
    return context


def prepare() -> None:
    """Start the fork server, which imports its libraries in the background.

    Ctrl-C is blocked in the server and its workers: a terminal sends it to all processes of a command, and
    this process handles it.
    """
    if _context().get_start_method() != "forkserver":
        return
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # first, because it unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Worker:
    """A worker process, which inherits neither data nor CUDA state."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.folder = scratch() if side == "student" else None
        context = _context()
        prepare()
        self._pipe, theirs = context.Pipe()
        folder = str(self.folder) if self.folder else None
        self._process = context.Process(target=serve, args=(theirs, folder, dict(os.environ)), daemon=True)
        self._process.start()
        theirs.close()
        self._ready, self._ended, self._ending = False, False, threading.Lock()

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        limit: float | None = None,
        on_value: Callable[[Any], None] | None = None,
        last_argument: Callable[[], Any] | None = None,
    ) -> Any:
        """Call a module's function in the process; returns its value.

        ``on_value`` is called with values that the function sends before it returns
        (:func:`.send_to_parent`). ``last_argument`` computes one more argument just before the call. Errors:
        those of the function; Died; Hung after ``limit`` seconds, without the start of the process.
        """
        arguments = arguments if last_argument is None else (*arguments, last_argument())
        try:
            if not self._ready:
                self._receive(STARTING, STARTING)
                self._ready = True
            self._pipe.send((function, arguments))
            started, kind = time.monotonic(), Message.VALUE
            while kind is Message.VALUE:
                left = None if limit is None else max(0.0, started + limit - time.monotonic())
                kind, value = self._receive(left, limit)
                if kind is Message.VALUE and on_value is not None:
                    on_value(value)
        except (EOFError, OSError):
            self._process.join(5)
            raise Died(_exit_reason(self._process.exitcode)) from None
        if kind is Message.ERROR:
            raise value
        return value

    def _receive(self, left: float | None, limit: float | None) -> Any:
        if not self._pipe.poll(left):
            raise Hung(f"no end after {limit:.0f} seconds")
        return self._pipe.recv()

    def end(self) -> None:
        """End the process at once and remove its folder. Threads may call this repeatedly."""
        with self._ending:
            if not self._ended:
                self._ended = True
                self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()  # last, because a thread that waits for it notices the end of the process
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _exit_reason(code: int | None) -> str:
    if code is not None and code < 0:
        return f"ended by signal {-code}" + (" (often: out of memory)" if code == -9 else "")
    return f"exit status {code}"


class WorkerGroup:
    """``size`` processes that share each fit (:mod:`w2s_bench.train.fsdp`), with the interface of a worker.

    If one process dies or hangs, all are ended.
    """

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

        ``last_argument`` is called once; the other ``options`` are those of :meth:`Worker.call`. Errors: as
        of a worker; the next call then starts new processes.
        """
        from w2s_bench.train.fsdp import on_rank

        if not self._workers:
            self._folder = scratch()
            self._workers = [Worker(self.side) for _ in range(self._size)]
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
                self.end()  # because the other processes wait for the one that failed
                raise failed
        return parts[0].result()

    def end(self) -> None:
        """End all processes at once and remove their folder."""
        for worker in self._workers:
            worker.end()
        self._workers = []
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
