"""Drills: what must not lose a result is done to real runs, and what was lost is counted.

Each module has ``run(size, folder) -> Drilled``. ``python -m drills`` (``make drill``) does all of them and
prints one table; tests/run/test_drills.py does a short form of each. ``folder`` is the drill's own; the run
that nobody disturbed lies beside it and is made once for all drills.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from filelock import FileLock

from w2s_bench.results.run_folder import CELLS, PREDICTIONS, RECORDS
from w2s_bench.store.local import CHECKSUMS, Store
from w2s_bench.store.maintenance import CHECKPOINT, artifacts, damage
from w2s_bench.store.temp_files import DRAFT, SCRATCH

FILES = (RECORDS, CELLS, PREDICTIONS)  # byte-equal for equal runs
SUITE = """
name = "drill"
version = 1
seeds = {seeds}
methods = {methods}
references = ["zero-shot"]
data = {{ teacher = 60, transfer = 60, validation = 10, test = 60 }}
training = {{ epochs = {epochs}, batch_size = 16, max_length = 64 }}

[[grid]]
tasks = {tasks}
models = [{{ name = "bow", learning_rate = {rate} }}, {student}]
"""
USUAL = {"epochs": 2, "rate": 0.05, "student": "llama:16x1"}
TASKS, METHODS = ("nlp/polarity-generated", "reward/polarity-generated"), ("naive", "confidence", "entropy")


@dataclass(frozen=True, kw_only=True, slots=True)
class Drilled:
    """What was done, how often, and what was lost by it: results, bytes, files that stayed behind."""

    done: str
    times: int
    lost: list[str]


def write_suite(
    path: Path,
    *,
    tasks: Sequence[str] = TASKS,
    methods: Sequence[str] = METHODS,
    seeds: Sequence[int] = (0, 1),
    **more: Any,
) -> Path:
    """A suite of the shape of quick whose fits take a fraction of a second, unless they have many ``epochs``.
    ``rate``: the teacher's learning rate; ``student``: the other model."""
    given = {"tasks": list(tasks), "methods": list(methods), "seeds": list(seeds)} | USUAL | more
    path.write_text(SUITE.format(**{name: json.dumps(value) for name, value in given.items()}), "utf8")
    return path


def start(
    suite: Path,
    out: Path,
    store: Path,
    folder: Path,
    before: Sequence[str] = (),
    workers: int = 2,
    more: Sequence[str] = (),
    settings: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.Popen[str]:
    """``w2s-bench run`` in a process of its own, with a temporary place of its own."""
    scratch = scratch_of(folder)
    command = [sys.executable, "-m", "w2s_bench", "run", str(suite), "--json"]
    where = ["--out", str(out), "--store", str(store), "--workers", str(workers), "--device", "cpu"]
    return subprocess.Popen(
        [*before, *command, *where, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1", **settings},
    )


def scratch_of(folder: Path) -> Path:
    """The temporary place of a drill's runs, under a short name: paths of sockets are limited, and one that
    is too long would make workers start another way."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    made = Path(tempfile.gettempdir()) / f"w2s-drill-{digest}"
    made.mkdir(exist_ok=True)
    return made


@contextmanager
def drilling(folder: Path) -> Iterator[Path]:
    """The folder of a drill, made; its temporary place goes with the drill."""
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(scratch_of(folder), ignore_errors=True)


def told(process: subprocess.Popen[str], status: int, *words: str) -> list[str]:
    """What is wrong with how a run ended: with this exit status, and one line for people that has these
    words, and no traceback."""
    _, errors = process.communicate(timeout=600)
    lines = [line for line in errors.splitlines() if all(word in line for word in words)]
    if process.returncode == status and lines and "Traceback" not in errors:
        return []
    return [f"exit status {process.returncode}, not {status}, or not told: {words}: {errors[-400:]!r}"]


def ended(run: subprocess.Popen[str]) -> int:
    """How many fits a run made. Errors: AssertionError for one that failed."""
    told, errors = run.communicate(timeout=600)
    assert run.returncode == 0, errors
    return int(json.loads(told)["fits_run"])


def undisturbed(folder: Path) -> tuple[Path, float]:
    """The folder of a run of the whole suite that nobody disturbed, beside the drill's, and its seconds. Made
    once for all drills, also where several begin at once."""
    place = folder.parent / "undisturbed"
    with FileLock(place.with_suffix(".lock")):
        if not place.exists():
            with drilling(place):
                clock = time.perf_counter()
                ended(start(write_suite(place / "drill.toml"), place / "run", place / "store", place))
                (place / "seconds").write_text(str(time.perf_counter() - clock), "ascii")
    return place / "run", float((place / "seconds").read_text("ascii"))


def wait_for(process: subprocess.Popen[str], store: Path, artifacts: int, kind: str = "*") -> None:
    """Until a run has ended, or its store holds so many artifacts of a kind."""
    while process.poll() is None and len(list(store.glob(f"{kind}/??/*/{CHECKSUMS}"))) < artifacts:
        time.sleep(0.01)


def stayed(store: Path, out: Path, folder: Path) -> list[str]:
    """Files of killed processes that a later run did not remove, and damaged artifacts."""
    found = [str(p) for root in (store, out) for p in root.rglob(f"{DRAFT}-*")]
    found += map(str, [*store.rglob("*.lock"), *store.glob(f"{CHECKPOINT}/??/*")])
    found += map(str, scratch_of(folder).glob(f"{SCRATCH}-*"))
    return found + [f"{one.key}: {what}" for one in artifacts(Store(store)) if (what := damage(one))]


def differing(one: Path, other: Path, files: Sequence[str] = FILES) -> list[str]:
    """Files of two runs that are not equal to the byte."""
    return [f"{name} differs" for name in files if (one / name).read_bytes() != (other / name).read_bytes()]
