"""Time of a report of 10,290 score records: python benchmarks/speed/report.py."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))


def main() -> None:
    """Make the records, write every file of the report and print the time, imports included."""
    from support.big_run import save_big_run

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        records = save_big_run(folder)
        clock, cpu = time.perf_counter(), time.process_time()
        from w2s_bench.report.write import write_report

        write_report(folder)
        took, used = time.perf_counter() - clock, time.process_time() - cpu
    print(f"{records} records: {used:.1f} CPU seconds, {took:.1f} seconds")


if __name__ == "__main__":
    main()
