"""All drills in full: ``make drill``. Prints one table; exit status 1 where anything was lost."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from drills import drilling

FULL = {"kills": 100, "interrupts": 10, "sharing": 8, "takeover": 4, "faults": 4}


def main() -> None:
    """Each drill in a folder of its own."""
    options = argparse.ArgumentParser(prog="python -m drills", description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/drills"))
    options.add_argument("--only", choices=list(FULL))
    options.add_argument("--size", type=int, help="How often, in place of the full form.")
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=given.out)).resolve()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| drill | what was done | how often | lost | seconds |\n|---|---|---|---|---|", flush=True)
    lost = 0
    for name in [given.only] if given.only else FULL:
        clock = time.perf_counter()
        with drilling(place / name) as folder:
            found = import_module(f"drills.{name}").run(given.size or FULL[name], folder)
        took = time.perf_counter() - clock
        print(f"| {name} | {found.done} | {found.times} | {len(found.lost)} | {took:.0f} |", flush=True)
        print("".join(f"  {what}\n" for what in found.lost), end="", flush=True)
        lost += len(found.lost)
    raise SystemExit(bool(lost))


if __name__ == "__main__":
    main()
