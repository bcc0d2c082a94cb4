"""What workers are forked with: the server of worker processes imports it once for all.

That takes seconds, in which the server does not listen yet: it looks for itself whether its run still lives.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

LIBRARIES = (  # ours, and what the first text model of a process imports
    "w2s_bench.harness.study",
    "accelerate",
    "transformers.models.auto.modeling_auto",
    "transformers.models.llama.modeling_llama",
)
LOOK = 0.1  # seconds


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


with ending_with(os.getppid()):
    for name in LIBRARIES:
        import_module(name)
