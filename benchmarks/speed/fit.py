"""How fast fits are beside a bare loop and the peers' ways: python -m benchmarks.speed.fit. Prints a table.

Ways take turns, so that what else the machine does falls on all of them; medians of ratios within a round.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
from torch.profiler import profile

from benchmarks.speed.loops import BATCH, bare, one_by_one, ours
from benchmarks.speed.subjects import LARGE, SIZES, Size, build, flops, texts

WAYS: dict[str, Callable[[Size, torch.device], float]] = {
    "bare, by length": bare,
    "bare, by length, fused": lambda size, device: bare(size, device, quick=True),
    "ours": ours,
    "ours, by length": lambda size, device: ours(size, device, batching="length"),
    "ours, by length, fused": lambda size, device: ours(size, device, batching="length", fused=True),
    "ours, by length, fused, bf16": lambda size, device: ours(
        size, device, batching="length", fused=True, precision="bf16"
    ),
    "one at a time": one_by_one,
    "padded batches in random order": lambda size, device: bare(size, device, bucketed=False),
}
COMPILED = "bare, by length, fused, compiled"
GIGA = 1e9


def main() -> None:
    """Print milliseconds for each 32 texts, and ratios to the bare loop."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.speed.fit", description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--device", default="cpu")
    options.add_argument("--sizes", nargs="*", default=[s.name for s in SIZES])
    options.add_argument("--compiled", action="store_true", help="By torch.compile too: it takes minutes.")
    options.add_argument("--profile", action="store_true", help="The matrix products of our fused fit.")
    given = options.parse_args()
    if given.compiled:
        WAYS[COMPILED] = lambda size, device: bare(size, device, quick=True, compiled=True)
    torch.set_num_threads(1)
    device = torch.device(given.device)
    top = peak(device)
    print(f"float32 matmul of one thread on {device}: {top / GIGA:.0f} GFLOP/s\n")
    for size in [s for s in (*SIZES, *LARGE) if s.name in given.sizes]:
        (products if given.profile else show)(size, device, given.rounds, top)


def products(size: Size, device: torch.device, rounds: int, top: float) -> None:
    """The share of matrix products in our fused fit, and their rate beside the peak: the best round."""
    way, model = WAYS["ours, by length, fused"], build(size)
    tokens = sum(model.length(e) for e in model.encode(texts(size.items, model)[0]))
    way(size, device)
    found = []
    for _ in range(rounds):
        with profile() as seen:
            way(size, device)
        each = {e.key: e.self_cpu_time_total / 1e6 for e in seen.key_averages()}
        spent = sum(each.get(f"aten::{name}", 0.0) for name in ("mm", "addmm"))
        found.append((spent, spent / sum(each.values())))
    spent, share = min(found)
    rate = flops(size, tokens) / spent / top
    print(
        f"{size.name}: matrix products are {share:.0%} of the fit and run at {rate:.0%} of the peak",
        flush=True,
    )


def show(size: Size, device: torch.device, rounds: int, top: float) -> None:
    """The table of one size."""
    model = build(size)
    tokens = sum(model.length(e) for e in model.encode(texts(size.items, model)[0]))
    mean = tokens / size.items
    print(f"{size.name}: {model.parameters_count:,} parameters, {size.items} texts, {mean:.0f} tokens each\n")
    print("| way | ms for 32 texts |" + "".join(f" of {base} |" for base in BASES) + " of the peak |")
    print("|---|---|" + "---|" * (len(BASES) + 1))
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    for k in range(rounds + 1):
        for name, way in WAYS.items():
            seconds = way(size, device)
            took[name] += [seconds] if k else []  # the first round warms up
    for name, found in took.items():
        each = 1000 * median(found) * BATCH / size.items
        ratios = [median(a / b for a, b in zip(found, took[base], strict=True)) for base in BASES]
        share = flops(size, tokens) / median(found) / top
        print(
            f"| {name} | {each:.1f} | " + " | ".join(f"{r:.2f}" for r in ratios) + f" | {100 * share:.0f}% |",
            flush=True,
        )
    print()


BASES = ("bare, by length", "bare, by length, fused", "one at a time")


def peak(device: torch.device, width: int = 1024, times: int = 20) -> float:
    """Operations a second of a product of square matrices, the best of five."""
    one = torch.randn(width, width, device=device)
    best = 0.0
    for _ in range(5):
        one @ one
        if device.type == "cuda":
            torch.cuda.synchronize()
        clock = time.perf_counter()
        for _ in range(times):
            one @ one
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = max(best, 2.0 * width**3 * times / (time.perf_counter() - clock))
    return best


if __name__ == "__main__":
    main()
