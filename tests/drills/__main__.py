"""All drills in full: ``make drill``. Prints one table; exit status 1 where anything was lost."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from drills import drilling, undisturbed

FULL = {
    "kills": 100,
    "long_fits": 6,
    "interrupts": 10,
    "reports": 10,
    "sharing": 8,
    "takeover": 4,
    "ways": 3,
    "faults": 12,
    "broken_fits": 8,
    "edits": 6,
    "clock": 3,
}


LANES = 2  # drills at a time


def main() -> None:
    """All drills, or one."""
    options = argparse.ArgumentParser(prog="python -m drills", description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/drills"))
    options.add_argument("--only", choices=list(FULL))
    options.add_argument("--size", type=int, help="How often, in place of the full form.")
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=given.out)).resolve()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| drill | what was done | how often | lost | seconds |\n|---|---|---|---|---|", flush=True)
    names = [given.only] if given.only else list(FULL)
    undisturbed(place / names[0])
    with ThreadPoolExecutor(LANES) as lanes:
        drills = [lanes.submit(drill, name, given.size or FULL[name], place) for name in names]
        lost = sum(done.result() for done in drills)
    raise SystemExit(bool(lost))


def drill(name: str, size: int, place: Path) -> int:
    """One drill in a folder of its own; prints its row and returns how much was lost."""
    clock = time.perf_counter()
    with drilling(place / name) as folder:
        found = import_module(f"drills.{name}").run(size, folder)
    took = time.perf_counter() - clock
    row = f"| {name} | {found.done} | {found.times} | {len(found.lost)} | {took:.0f} |\n"
    print(row + "".join(f"  {what}\n" for what in found.lost), end="", flush=True)
    return len(found.lost)


if __name__ == "__main__":
    main()
