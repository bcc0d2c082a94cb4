"""Whose a temporary file is: names that tell machine and process, so that what the dead left can be removed.

``<prefix>-<machine>-<pid>-<more>``. A machine is a kernel's boot and its name space of process ids: two
containers of one host are two machines, and neither can tell whether a process of the other lives.
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

DRAFT = ".draft"  # of whatever is written whole or not at all
SCRATCH = "w2s-bench"  # folders of this machine's temporary place
_NAME = re.compile(r"(?P<prefix>.+?)-(?P<machine>[0-9a-f]{8})-(?P<pid>[1-9][0-9]*)-.+")


def mine(prefix: str) -> str:
    """How a name of this process begins."""
    return f"{prefix}-{_machine()}-{os.getpid()}-"


def is_gone(name: str) -> bool:
    """Whether the process of this machine that a name tells of has ended. False where it is not known."""
    found = _NAME.fullmatch(name)
    return found is not None and found["machine"] == _machine() and not _lives(int(found["pid"]))


def left_behind(folder: Path, prefix: str) -> Iterator[Path]:
    """Files and folders directly below ``folder`` whose process has ended."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(f"{prefix}-")]
    except OSError:
        return
    yield from (folder / name for name in sorted(names) if is_gone(name))


def scratch() -> Path:
    """A new temporary folder of this process, to be removed by whoever asks for it."""
    return Path(tempfile.mkdtemp(prefix=mine(SCRATCH)))


def sweep(folder: Path, prefix: str) -> None:
    """Remove what processes of this machine left behind; what cannot be removed stays."""
    for path in left_behind(folder, prefix):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)


@cache
def _machine() -> str:
    told = [socket.gethostname()]
    for ask in (_boot, _processes):
        with suppress(OSError):  # not Linux: the name alone
            told.append(ask())
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:8]


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _processes() -> str:
    return str(os.stat("/proc/self/ns/pid").st_ino)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
