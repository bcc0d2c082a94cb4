"""``python -m w2s_bench`` is ``w2s-bench``."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from w2s_bench.cli.main import STOPPED, main, say_stopped


class _Interrupts:
    """Records Ctrl-C: an import that it interrupts may end in any other error."""

    def __init__(self) -> None:
        self.came = False
        signal.signal(signal.SIGINT, self._on)

    def _on(self, number: int, frame: object) -> NoReturn:
        self.came = True
        raise KeyboardInterrupt


def run() -> None:
    """Run the command. After Ctrl-C the process ends at once, without waiting for threads that start workers:
    files are written whole or not at all."""
    interrupts = _Interrupts()
    try:
        main()
    except SystemExit as end:
        if end.code != STOPPED:
            raise
    except BaseException:
        if not interrupts.came:
            raise
        say_stopped()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(STOPPED)


if __name__ == "__main__":
    run()
