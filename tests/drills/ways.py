"""One suite on one, two and three workers, and as tasks of Ray: the same records to the byte."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from drills import Drilled, differing, ended, start, undisturbed, write_suite

WORKERS = (1, 3)
RAY = ("--executor", "ray")  # a node of its own on 127.0.0.1


def run(size: int, folder: Path) -> Drilled:
    """``size`` of these ways, each in a store of its own, against the run on two workers."""
    whole, _ = undisturbed(folder)
    suite, lost = write_suite(folder / "drill.toml"), list[str]()
    ways: list[tuple[int, tuple[str, ...]]] = [(n, ()) for n in WORKERS]
    if find_spec("ray"):
        ways.append((2, RAY))
    for k, (workers, more) in enumerate(ways[:size]):
        out = folder / f"run-{k}"
        ended(start(suite, out, folder / f"store-{k}", folder, workers=workers, more=more))
        lost += [f"{workers} workers {' '.join(more)}: {what}" for what in differing(whole, out)]
    told = ", ".join(str(n) for n, more in ways[:size] if not more)
    by_ray = " and as tasks of Ray" if len(ways[:size]) > len(WORKERS) else ""
    return Drilled(
        done=f"a suite on {told} workers{by_ray} instead of two: the same bytes",
        times=len(ways[:size]),
        lost=lost,
    )
