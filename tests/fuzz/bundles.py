"""Mutated bundles through ``verify``: ``PYTHONPATH=tests python -m fuzz.bundles --count 10000``.

Of every mutation: refused by one error that names file, field and mend; or accepted, and then every
recomputed row, the method and the suite are those of the good bundle. All else is a failure: an accepted
forgery, another exception, a file opened for writing, memory that grows.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from support.bundle_mutations import MUTATIONS

from w2s_bench.errors import StoreError
from w2s_bench.submission.standard import read_standard
from w2s_bench.submission.verify import FindStandard, Verified, verify

GOLDEN = Path(__file__).parents[1] / "golden" / "bundle-1"
GOOD = ("confidence.zip", "own-method.zip")
WRITES = {
    *("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"),
    *("subprocess.Popen", "os.system", "os.exec", "socket.connect", "exec", "compile"),
}


@dataclass
class Outcome:
    """Counts by mutation: (name, ``refused`` or ``same``); and whatever must not be."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    memory_mib: float = 0.0
    slowest: float = 0.0


@dataclass
class Watch:
    """Sees through an audit hook whether anything is written, run or compiled while it is on."""

    on: bool = False
    seen: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in WRITES:
            self.seen.append(f"{event} {str(arguments)[:80]}")
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes or any(c in "wax+" for c in str(mode or "")):
                self.seen.append(f"open {arguments[0]!r} {mode}")


WATCH = Watch()


def meaning(done: Verified) -> Any:
    """What a board would show of a bundle's scores."""
    head = done.manifest
    return (head.method.label, head.suite.hash, head.method.options, head.method.code, done.cells, done.rows)


def memory_mib(field: str) -> float:
    """``VmRSS`` (now) or ``VmHWM`` (the peak since it was reset) of this process."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition(f"{field}:")[2].split()[0]) / 1024


def reset_peak() -> None:
    """From here on the peak counts anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def fuzz(count: int, seed: int = 0) -> Outcome:
    """Verify ``count`` mutated bundles, each from its own seed."""
    standard = read_standard(GOLDEN / "standard")

    def find(manifest: Any, where: str) -> Any:
        return standard

    good = {name: (GOLDEN / name).read_bytes() for name in GOOD}
    right = {name: meaning(verify(GOLDEN / name, find)) for name in GOOD}
    names, parts = list(MUTATIONS), [part for _, part in MUTATIONS.values()]
    outcome = Outcome()
    sys.addaudithook(WATCH)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b.zip"
        for i in range(count):
            rng = Random(f"{seed}:{i}")
            which, kind = rng.choice(GOOD), rng.choices(names, parts)[0]
            data = MUTATIONS[kind][0](rng, good[which])
            if data == good[which]:
                outcome.counts[kind, "unchanged"] += 1
                continue
            path.write_bytes(data)
            reset_peak()
            before, clock = memory_mib("VmRSS"), time.perf_counter()
            _try(outcome, kind, f"{kind}, seed {seed}:{i}", path, find, right[which])
            outcome.slowest = max(outcome.slowest, time.perf_counter() - clock)
            outcome.memory_mib = max(outcome.memory_mib, memory_mib("VmHWM") - before)
            if [p.name for p in Path(folder).iterdir()] != ["b.zip"]:
                outcome.failures.append(f"{kind}, seed {seed}:{i}: files appeared")
        return outcome


def _try(outcome: Outcome, kind: str, name: str, path: Path, find: FindStandard, right: Any) -> None:
    WATCH.seen.clear()
    WATCH.on = True
    try:
        found = meaning(verify(path, find))
    except StoreError as error:
        outcome.counts[kind, "refused"] += 1
        outcome.said.setdefault(f"{kind}: {error.what[:12]}", str(error))
        if not (str(path) in error.where and error.what and error.expected and error.mend):
            outcome.failures.append(f"{name}: an error that does not say all: {error}")
        if not str(error).isprintable() or len(str(error)) > 2000:
            outcome.failures.append(f"{name}: an error that is no line: {str(error)[:200]!r}")
    except BaseException as error:
        outcome.failures.append(f"{name}: {type(error).__name__}: {error}")
    else:
        outcome.counts[kind, "same"] += 1
        if found != right:
            outcome.failures.append(f"{name}: accepted, with other rows")
    finally:
        WATCH.on = False
    if WATCH.seen:
        outcome.failures.append(f"{name}: {WATCH.seen[0]}")


def table(outcome: Outcome, count: int, seconds: float) -> str:
    """The result as Markdown."""
    rows = ["| mutation | tried | refused | accepted, same rows |", "|---|---:|---:|---:|"]
    total = Counter[str]()
    for kind in MUTATIONS:
        refused, same = (outcome.counts[kind, what] for what in ("refused", "same"))
        total.update(refused=refused, same=same)
        rows.append(f"| {kind} | {refused + same} | {refused} | {same} |")
    tried = total["refused"] + total["same"]
    rows.append(f"| **all** | {tried} | {total['refused']} | {total['same']} |")
    unchanged = sum(n for (_, what), n in outcome.counts.items() if what == "unchanged")
    machine = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    return "\n".join(rows) + (
        f"\n\nFailures (accepted with other rows, another exception, anything written or run): "
        f"{len(outcome.failures)}. {unchanged} mutations changed nothing and are not counted. One bundle "
        f"took at most {outcome.memory_mib:.0f} MiB more memory and {outcome.slowest:.2f} s, all together "
        f"{seconds:.0f} s ({machine}, {time.strftime('%Y-%m-%d')}).\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--say", action="store_true", help="print one refusal of each kind")
    given = parser.parse_args()
    faulthandler.enable()
    clock = time.perf_counter()
    outcome = fuzz(given.count, given.seed)
    print(table(outcome, given.count, time.perf_counter() - clock))
    if given.say:
        print("\n".join(sorted(outcome.said.values())))
    for failure in outcome.failures[:50]:
        print(f"FAILURE {failure}", file=sys.stderr)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
