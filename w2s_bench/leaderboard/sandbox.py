"""A process without network that can write to one folder alone: Linux namespaces, through unshare.

The isolation is tested before anything runs. It is no virtual machine: review a stranger's code on a machine
that holds nothing valuable.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from w2s_bench.errors import UserError

GIB = 1 << 30
LIMITS = {
    resource.RLIMIT_CPU: 24 * 3600,  # seconds of each process
    resource.RLIMIT_FSIZE: 8 * GIB,
    resource.RLIMIT_DATA: 32 * GIB,
    resource.RLIMIT_CORE: 0,
}
# Every mount but the folder's becomes read-only; one that stays writable ends the attempt.
ENTER = """set -e
mount --make-rprivate /
mount --bind "$1" "$1"
awk '$5 !~ "^/(proc|sys|dev)" {print $5}' /proc/self/mountinfo | sort -u | while read -r at; do
  [ "$at" = "$1" ] || mount -o remount,bind,ro "$at" 2>/dev/null || [ ! -w "$at" ]
done
cd "$1"
shift
exec "$@"
"""
PROBE = """import os, socket, sys
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9))
    sys.exit("the network is there")
except OSError:
    pass
for folder in sys.argv[2:]:
    try:
        open(os.path.join(folder, ".w2s-bench-probe"), "w").close()
        os.unlink(os.path.join(folder, ".w2s-bench-probe"))
        sys.exit(f"{folder} can be written to")
    except OSError:
        pass
open(os.path.join(sys.argv[1], "probe"), "w").close()
"""
INHERITED = ("PATH", "LANG", "LC_ALL", "OMP_NUM_THREADS", "PYTHONPATH", "VIRTUAL_ENV")


def run(command: Sequence[str], folder: Path, closed: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command that lives in ``folder``; ``closed``: without network, and writing nowhere else."""
    enter = ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", ENTER, "sh", str(folder)]
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "HF_HOME"), str(folder))
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return subprocess.run(
        [*(enter if closed else []), *command],
        cwd=folder,
        env={**inherited, **places, "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=_limit,
    )


def _limit() -> None:
    for what, most in LIMITS.items():
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def check(folder: Path) -> None:
    """Test the isolation. Errors: UserError where this machine cannot provide it."""
    if shutil.which("unshare") is None:
        raise _open("there is no unshare on this machine")
    others = [str(Path.home()), str(folder.parent), str(Path.cwd())]
    tried = run([sys.executable, "-c", PROBE, str(folder), *others], folder)
    if tried.returncode:
        raise _open(" ".join(tried.stderr.split())[-200:] or f"exit status {tried.returncode}")
    (folder / "probe").unlink(missing_ok=True)


def _open(why: str) -> UserError:
    return UserError(
        f"a process without network cannot be started: {why}",
        where="board rerun",
        expected="Linux with user, network and mount namespaces",
        mend="run it where these are allowed, or with --no-sandbox for code that you trust",
    )
