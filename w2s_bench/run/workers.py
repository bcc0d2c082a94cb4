"""Worker processes, one call at a time each, of two sides that share nothing: gold, and students.

A student's process starts in an empty folder of its own, with no setting that names the store, and is sent
lessons alone. One that hangs or dies is ended and replaced; the others do not notice.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from importlib import import_module
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, Literal

from w2s_bench.store.temp_files import scratch

Side = Literal["gold", "student"]
HIDDEN = ("W2S_STORE", "W2S_HUB", "PWD", "OLDPWD")  # settings that lead to gold
STUDY = "w2s_bench.train.student"
LOOK = 0.1  # seconds between two looks whether the run still lives
SOCKET, LONGEST_SOCKET = "/pymp-xxxxxxxx/listener-xxxxxxxx", 103  # bytes: Linux takes 107, macOS 103
STARTING = 600.0  # seconds that a process may take to import its libraries


class Said(Enum):
    """What a message of a worker is: the answer to a call, its error, or something on the way."""

    ANSWERED = "answered"
    RAISED = "raised"
    TOLD = "told"


class Died(Exception):
    """A worker process ended by itself; says how."""


class Hung(Exception):
    """A call took longer than it may."""


@cache
def _context() -> Any:
    """Processes are forked from a server that has imported the libraries and knows nothing else.

    It has touched neither data nor a device: what a worker inherits are modules. Where there is no such
    server, as on Windows, or where the path of its socket in the folder of temporary files would be too long
    for the system, each process starts anew and imports for itself.
    """
    too_long = len(tempfile.gettempdir()) + len(SOCKET) > LONGEST_SOCKET
    if too_long or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["w2s_bench.run.preload"])
    return context


def prepare() -> None:
    """Let the server import its libraries from now on, in seconds in which this process can do other things.

    Ctrl-C, which a terminal sends to all processes of a command, is this process's to handle: the server
    starts with it blocked, and passes that on.
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
        self._process = context.Process(target=_serve, args=(theirs, folder, dict(os.environ)), daemon=True)
        self._process.start()
        theirs.close()
        self._ready, self._ended, self._ending = False, False, threading.Lock()

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        limit: float | None = None,
        told: Callable[[Any], None] | None = None,
        latest: Callable[[], Any] | None = None,
    ) -> Any:
        """Call a module's function over there; ``told`` gets what it tells meanwhile (:func:`tell`),
        ``latest`` gives one argument more at the last moment. Errors: what it raised; Died; Hung after
        ``limit`` seconds, in which starting the process does not count."""
        arguments = arguments if latest is None else (*arguments, latest())
        try:
            if not self._ready:
                self._receive(STARTING, STARTING)
                self._ready = True
            self._pipe.send((function, arguments))
            started, what = time.monotonic(), Said.TOLD
            while what is Said.TOLD:
                left = None if limit is None else max(0.0, started + limit - time.monotonic())
                what, value = self._receive(left, limit)
                if what is Said.TOLD and told is not None:
                    told(value)
        except (EOFError, OSError):
            self._process.join(5)
            raise Died(_how(self._process.exitcode)) from None
        if what is Said.RAISED:
            raise value
        return value

    def _receive(self, left: float | None, limit: float | None) -> Any:
        if not self._pipe.poll(left):
            raise Hung(f"no end after {limit:.0f} seconds")
        return self._pipe.recv()

    def end(self) -> None:
        """End the process, whatever it does, and remove its folder. A second time does nothing: two may see
        at once that a run is over."""
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
        self._pipe.close()  # last: who waits at it is told by the end of the process
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"ended by signal {-code}" + (" (often: out of memory)" if code == -9 else "")
    return f"exit status {code}"


def _serve(pipe: Connection, folder: str | None, settings: dict[str, str]) -> None:
    """What a worker does until its pipe closes; ``settings`` is the parent's environment, which the server
    may have from another day."""
    os.environ.clear()
    os.environ.update(settings)
    settings.clear()
    _quiet()
    _follow()
    if folder:
        _seclude(folder)
    import_module(STUDY)  # a slow import, before any clock runs

    _parents.append(pipe)
    pipe.send("ready")
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = Said.ANSWERED, function(*arguments)
        except BaseException as error:
            answer = Said.RAISED, _plain(error)
        del function, arguments
        pipe.send(answer)


_parents: list[Connection] = []  # in a worker: the pipe to its parent


def tell(value: Any) -> None:
    """In a worker: send something to its parent before the answer. Elsewhere nobody listens."""
    for pipe in _parents:
        pipe.send((Said.TOLD, value))


def _follow() -> None:
    """End when the parent does, however it ends: nobody would take what this process makes."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        parent.join()  # type: ignore[union-attr]
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def ending_with(parent: int) -> Iterator[None]:
    """End this process as soon as its parent is another one: the first has ended."""

    def look(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, LOOK, LOOK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _seclude(folder: str) -> None:
    """Forget what the parent's command line, settings and folder tell of the store; live in ``folder``."""
    for name in [n for n in os.environ if n in HIDDEN or n.startswith("RAY_")]:
        del os.environ[name]
    sys.argv = sys.argv[:1]
    multiprocessing.process.ORIGINAL_DIR = folder  # type: ignore[attr-defined]
    frame: FrameType | None = sys._getframe()
    while frame is not None:  # what the parent sent to start this process: its command line and its folder
        if isinstance(sent := frame.f_locals.get("preparation_data"), dict):
            sent.clear()
        frame = frame.f_back
    os.chdir(folder)


def _plain(error: BaseException) -> BaseException:
    """The error, if it survives the way to the parent; its traceback does not."""
    from w2s_bench.errors import UserError

    if isinstance(error, UserError):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}"[:400])


def _quiet() -> None:
    """Workers print nothing: the parent's display is the only one. Ctrl-C is the parent's to handle."""
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
