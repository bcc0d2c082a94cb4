"""The main loop of a worker process: it answers calls from its parent until the pipe closes.

A student's process first removes everything that leads to the store.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

HIDDEN = ("W2S_STORE", "W2S_HUB", "PWD", "OLDPWD")  # environment variables that lead to gold
POLL = 0.1  # seconds between two checks whether the run is still alive


class Message(Enum):
    """Kinds of a worker's messages: the answer to a call, its error, or a value sent before the answer."""

    ANSWER = "answer"
    ERROR = "error"
    VALUE = "value"


_parent: list[Connection] = []  # in a worker: the pipe to its parent


def send_to_parent(value: Any) -> None:
    """In a worker, send a value to the parent before the answer; do nothing in other processes."""
    for pipe in _parent:
        pipe.send((Message.VALUE, value))


def serve(pipe: Connection, folder: str | None, settings: dict[str, str]) -> None:
    """Answer calls until the pipe closes.

    ``folder``: working folder of a student's process. ``settings``: the parent's environment, because that
    of the fork server may be outdated.
    """
    os.environ.clear()
    os.environ.update(settings)
    settings.clear()
    _be_quiet()
    _end_with_parent()
    if folder:
        _seclude(folder)
    import w2s_bench.train.fit  # noqa: F401 - slow, so before any time limit starts

    _parent.append(pipe)
    pipe.send("ready")
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = Message.ANSWER, function(*arguments)
        except BaseException as error:
            answer = Message.ERROR, _picklable(error)
        del function, arguments
        pipe.send(answer)


def _end_with_parent() -> None:
    """End this process as soon as the parent ends, however it ends."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        parent.join()  # type: ignore[union-attr]
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def ending_with(parent: int) -> Iterator[None]:
    """In this context, end the process as soon as ``parent`` is no longer its parent."""

    def check(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, check)
    signal.setitimer(signal.ITIMER_REAL, POLL, POLL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _seclude(folder: str) -> None:
    """Erase the parent's command line, settings and working folder, and change to ``folder``."""
    for name in [n for n in os.environ if n in HIDDEN or n.startswith("RAY_")]:
        del os.environ[name]
    sys.argv = sys.argv[:1]
    multiprocessing.process.ORIGINAL_DIR = folder  # type: ignore[attr-defined]
    frame: FrameType | None = sys._getframe()
    while frame is not None:  # multiprocessing keeps the parent's command line and folder in a caller
        if isinstance(sent := frame.f_locals.get("preparation_data"), dict):
            sent.clear()
        frame = frame.f_back
    os.chdir(folder)


def _picklable(error: BaseException) -> BaseException:
    """The error if it can be pickled, else a RuntimeError with its text."""
    from w2s_bench.errors import UserError

    if isinstance(error, UserError):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}"[:400])


def _be_quiet() -> None:
    """Silence warnings and progress bars, and leave Ctrl-C to the parent."""
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
