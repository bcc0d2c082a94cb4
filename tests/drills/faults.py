"""Disks that are full at some write, folders that are read-only, artifacts that are damaged: each ends in one
clear error or in the same records, never in others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from itertools import cycle
from pathlib import Path
from random import Random

from drills import Drilled, differing, start, stayed, undisturbed, write_suite
from w2s_bench.store.local import Store
from w2s_bench.store.maintenance import artifacts

ROOM = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")  # in which a disk can be mounted
FULL = """mount -t tmpfs -o size={size}k none {disk} || exit 99
"$@"; first=$?
mount -o remount,size=500m {disk}
"$@" 1>&2; echo $first $?
cp -r {disk}/run {out}"""
READ_ONLY = 'mount -t tmpfs none {disk} && mkdir {disk}/store && mount -o remount,ro {disk} || exit 99; "$@"'


def run(size: int, folder: Path) -> Drilled:
    """``size`` faults in turn: disks that are too small, damaged artifacts, stores that are read-only."""
    rng, lost = Random(0), list[str]()
    whole, _ = undisturbed(folder)
    suite = write_suite(folder / "drill.toml")
    shutil.copytree(whole.parent / "store", folder / "store")
    kinds = ("full", "damaged", "read-only") if may_mount() else ("damaged",)
    for k, kind in zip(range(size), cycle(kinds), strict=False):
        if kind == "full":
            needed = sum(p.stat().st_size for p in whole.parent.rglob("*") if p.is_file()) // 1024
            lost += _full(suite, folder, folder / f"run-{k}", round(needed * rng.uniform(0.05, 0.95)), whole)
        elif kind == "damaged":
            lost += _damaged(suite, folder, rng, whole)
        else:
            lost += _read_only(suite, folder)
    lost += stayed(folder / "store", folder / "run", folder)
    disks = "a disk full at some write, a read-only store, " if may_mount() else ""
    return Drilled(
        done=f"{disks}an artifact cut short, changed or swapped: told or repaired, then the same records",
        times=size,
        lost=lost,
    )


def _full(suite: Path, folder: Path, out: Path, size: int, whole: Path) -> list[str]:
    """A run on a disk of so many KiB, and again when it has grown."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    script = FULL.format(size=size, disk=disk, out=out)
    process = start(suite, disk / "run", disk / "store", folder, (*ROOM, script, "sh"))
    said, errors = process.communicate()
    if said.strip().splitlines()[-1:] != ["2 0"]:
        return [f"disk of {size} KiB: exit statuses {said[-20:]!r}: {errors[-300:]!r}"]
    return [*_told(errors, "No space left on device"), *differing(whole, out)]


def _read_only(suite: Path, folder: Path) -> list[str]:
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    process = start(
        suite, folder / "nothing", disk / "store", folder, (*ROOM, READ_ONLY.format(disk=disk), "sh")
    )
    _, errors = process.communicate()
    wrong = [] if process.returncode == 2 else [f"read-only store: exit status {process.returncode}"]
    return [*wrong, *_told(errors, "Read-only file system")]


def _told(errors: str, words: str) -> list[str]:
    """What is wrong with how an error was told."""
    lines = [line for line in errors.splitlines() if line.startswith("w2s-bench: ")]
    return [] if len(lines) == 1 and words in lines[0] and "Traceback" not in errors else [errors[-300:]]


def _damaged(suite: Path, folder: Path, rng: Random, whole: Path) -> list[str]:
    """One file of a finished store is damaged; the run goes on from there, or says so and does after the
    damage was deleted."""
    store, out = folder / "store", folder / "run"
    one = rng.choice(list(artifacts(Store(store))))
    path = rng.choice(sorted(p for p in one.path.iterdir() if p.is_file()))
    what = f"{one.kind}/{path.name}"
    _damage(path, rng)
    process = start(suite, out, store, folder)
    _, errors = process.communicate()
    lost = []
    if process.returncode:
        if process.returncode != 2 or "Traceback" in errors or one.key not in errors:
            lost += [f"{what}: exit status {process.returncode}: {errors[-300:]!r}"]
        command = [sys.executable, "-m", "w2s_bench", "store", "verify", "--delete", "--store", str(store)]
        subprocess.run(command, check=True, capture_output=True)
        again = start(suite, out, store, folder)
        _, errors = again.communicate()
        lost += [] if again.returncode == 0 else [f"{what}, after its deletion: {errors[-300:]!r}"]
    lost += [f"{what}: {found}" for found in differing(whole, out)]
    shutil.rmtree(store)
    shutil.copytree(whole.parent / "store", store)
    return lost


def _damage(path: Path, rng: Random) -> None:
    """Cut a file short, turn one bit, or put another artifact's file of that name in its place."""
    data = bytearray(path.read_bytes())
    way = rng.choice(["cut", "turn", "swap"])
    others = [p for p in path.parents[2].glob(f"??/*/{path.name}") if p.read_bytes() != data]
    if way == "swap" and others:
        shutil.copy(rng.choice(sorted(others)), path)
    elif way == "cut":
        path.write_bytes(data[: rng.randrange(len(data))])
    else:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)


@cache
def may_mount() -> bool:
    """Whether this system lets a process mount a disk in a name space of its own."""
    try:
        command = [*ROOM, "mount -t tmpfs -o size=64k none /mnt"]
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False
