"""Ctrl-C in the middle of a report: the next one is whole, and nothing half written stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from drills import Drilled, scratch_of, stayed, undisturbed
from w2s_bench.cli.main import STOPPED


def run(size: int, folder: Path) -> Drilled:
    """``size`` interrupts of ``w2s-bench report``, in a folder that one run wrote."""
    rng, lost, times = Random(0), list[str](), 0
    whole, _ = undisturbed(folder)
    out = folder / "run"
    shutil.copytree(whole, out)
    clock = time.perf_counter()
    lost += _reported(_report(out, folder))
    seconds, before = time.perf_counter() - clock, _files(out)
    while times < size:
        process = _report(out, folder)
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0.2, 0.95) * seconds)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
        lost += _broken(out, before)
        if process.returncode in (0, -signal.SIGINT):  # it was through, or Python had not started
            continue
        times += 1
        if process.returncode != STOPPED or "Traceback" in errors:
            lost.append(f"exit status {process.returncode}: {errors[-300:]!r}")
    lost += _reported(_report(out, folder))
    after = _files(out)
    lost += [
        f"{name} differs" for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    ]
    lost += stayed(whole.parent / "store", out, folder)
    return Drilled(
        done="Ctrl-C in the middle of a report: each file is the old or the new one, the next report as ever",
        times=times,
        lost=lost,
    )


def _report(out: Path, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "w2s_bench", "report", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch_of(folder))},
    )


def _reported(process: subprocess.Popen[str]) -> list[str]:
    _, errors = process.communicate()
    return [] if process.returncode == 0 else [f"no report: {errors[-300:]!r}"]


def _files(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def _broken(out: Path, before: dict[str, bytes]) -> list[str]:
    """Files that are neither whole nor a draft: reports of one run are equal to the byte."""
    now = {name: data for name, data in _files(out).items() if ".draft-" not in name}
    return [f"{name} is half written" for name, data in now.items() if data != before.get(name)]
