"""Time in which worker processes start and build a text model: python benchmarks/speed/workers.py."""

from __future__ import annotations

import time

from w2s_bench.model import Shape, build_model
from w2s_bench.run.workers import Worker


def build() -> int:
    """Build the smallest shipped text model; returns its number of parameters."""
    return build_model("zoo:text/16x1", Shape(domain="nlp", classes=("a", "b")), 0).parameters_count


def main() -> None:
    """Start three workers, one after another, and print a line for each."""
    for k in range(1, 4):
        clock = time.perf_counter()
        worker = Worker("student")
        worker.call(int)
        started = time.perf_counter()
        worker.call(build)
        built = time.perf_counter()
        worker.end()
        print(f"worker {k}: started in {started - clock:.2f} s, first text model in {built - started:.2f} s")


if __name__ == "__main__":
    main()
