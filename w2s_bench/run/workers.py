"""Worker processes, one call at a time each, of two sides that share nothing: gold, and students.

A student's process starts in an empty folder of its own, with no setting that names the store, and is sent
fit requests alone. One that hangs or dies is ended and replaced; the others do not notice.
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
from functools import cache
from typing import Any, Literal

from w2s_bench.run.worker_process import Message, serve
from w2s_bench.store.temp_files import scratch

Side = Literal["gold", "student"]
SOCKET, LONGEST_SOCKET = "/pymp-xxxxxxxx/listener-xxxxxxxx", 103  # bytes: Linux takes 107, macOS 103
STARTING = 600.0  # seconds that a process may take to import its libraries


class Died(Exception):
    """A worker process ended by itself; the text says how."""


class Hung(Exception):
    """A call took longer than it may."""


@cache
def _context() -> Any:
    """Processes are forked from a server that has imported the libraries and nothing else.

    The server has touched neither data nor a device, so a worker inherits modules alone. Where there is no
    such server, as on Windows, or where the path of its socket in the folder of temporary files would be too
    long for the system, each process starts anew and imports for itself.
    """
    too_long = len(tempfile.gettempdir()) + len(SOCKET) > LONGEST_SOCKET
    if too_long or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.preload"])  # by name: this process need not import it
    return context


def prepare() -> None:
    """Let the fork server import its libraries from now on, while this process does other things.

    Ctrl-C, which a terminal sends to all processes of a command, is this process's to handle: the server
    starts with it blocked, and its workers inherit that.
    """
    if _context().get_start_method() != "forkserver":
        return
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # first: it lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Worker:
    """A process that inherits neither data nor CUDA state."""

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

        ``on_value`` gets what the function sends before it returns (:func:`.send_to_parent`).
        ``last_argument`` gives one more argument at the last moment. Errors: what the function raised; Died;
        Hung after ``limit`` seconds, in which starting the process does not count.
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
        """End the process, whatever it does, and remove its folder.

        A second call does nothing: two threads may see at once that a run is over.
        """
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
        self._pipe.close()  # last: a thread that waits at it is told by the end of the process
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _exit_reason(code: int | None) -> str:
    if code is not None and code < 0:
        return f"ended by signal {-code}" + (" (often: out of memory)" if code == -9 else "")
    return f"exit status {code}"
