"""Names of temporary files with machine and process, so that files of ended processes can be removed.

``<prefix>-<machine>-<pid>-<more>``. A machine is one boot of a kernel and a namespace of process ids: two
containers of one host are two machines, and neither knows whether a process of the other is alive.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

DRAFT = ".draft"  # of whatever is written whole or not at all
SCRATCH = "w2s-bench"  # folders of this machine's temporary place
_NAME = re.compile(r"(?P<prefix>.+?)-(?P<machine>[0-9a-f]{8})-(?P<pid>[1-9][0-9]*)-.+")


def mine(prefix: str) -> str:
    """The beginning of a temporary name of this process."""
    return f"{prefix}-{_machine()}-{os.getpid()}-"


def is_gone(name: str) -> bool:
    """Whether a name is of an ended process of this machine; False where that is not known."""
    match = _NAME.fullmatch(name)
    return match is not None and match["machine"] == _machine() and not psutil.pid_exists(int(match["pid"]))


def left_behind(folder: Path, prefix: str) -> Iterator[Path]:
    """Files and folders directly below ``folder`` whose process has ended."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(f"{prefix}-")]
    except OSError:
        return
    yield from (folder / name for name in sorted(names) if is_gone(name))


def scratch() -> Path:
    """Make a temporary folder of this process, which the caller must remove."""
    return Path(tempfile.mkdtemp(prefix=mine(SCRATCH)))


def sweep(folder: Path, prefix: str) -> None:
    """Remove files of ended processes of this machine, as far as possible."""
    for path in left_behind(folder, prefix):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)


@cache
def _machine() -> str:
    facts = [socket.gethostname()]
    with suppress(OSError):  # without these two off Linux
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
    with suppress(OSError):
        facts.append(str(os.stat("/proc/self/ns/pid").st_ino))
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:8]
