"""Speed of fits beside a bare loop and peers' ways: python -m benchmarks.speed.fit prints a table."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from torch.profiler import profile

from benchmarks.speed.loops import BATCH, bare, in_turns, now, one_by_one, ours, ratio
from benchmarks.speed.subjects import LARGE, SIZES, Size, build, flops, texts

WAYS: dict[str, Callable[[Size, torch.device], float]] = {
    "bare, by length": bare,
    "bare, by length, fused": partial(bare, quick=True),
    "ours": ours,
    "ours, by length": partial(ours, batching="length"),
    "ours, by length, fused": partial(ours, batching="length", fused=True),
    "ours, by length, fused, bf16": partial(ours, batching="length", fused=True, precision="bf16"),
    "one at a time": one_by_one,
    "padded batches in random order": partial(bare, bucketed=False),
}
COMPILED = "bare, by length, fused, compiled"
BASES = ("bare, by length", "bare, by length, fused", "one at a time")  # columns of ratios
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
        WAYS[COMPILED] = partial(bare, quick=True, compiled=True)
    torch.set_num_threads(1)
    device = torch.device(given.device)
    top = peak(device)
    print(f"float32 matmul of one thread on {device}: {top / GIGA:.0f} GFLOP/s\n")
    for size in [s for s in (*SIZES, *LARGE) if s.name in given.sizes]:
        (products if given.profile else show)(size, device, given.rounds, top)


def products(size: Size, device: torch.device, rounds: int, top: float) -> None:
    """Print the share of matrix products in our fused fit and their rate beside the peak, at best."""
    way, model = WAYS["ours, by length, fused"], build(size)
    tokens = sum(model.length(e) for e in model.encode(texts(size.items, model)[0]))
    way(size, device)
    results = []
    for _ in range(rounds):
        with profile() as events:
            way(size, device)
        each = {e.key: e.self_cpu_time_total / 1e6 for e in events.key_averages()}
        spent = sum(each.get(f"aten::{name}", 0.0) for name in ("mm", "addmm"))
        results.append((spent, spent / sum(each.values())))
    spent, share = min(results)
    rate = f"run at {flops(size, tokens) / spent / top:.0%} of the peak"
    print(f"{size.name}: matrix products are {share:.0%} of the fit and {rate}", flush=True)


def show(size: Size, device: torch.device, rounds: int, top: float) -> None:
    """Print the table of one size."""
    model = build(size)
    tokens = sum(model.length(e) for e in model.encode(texts(size.items, model)[0]))
    mean = tokens / size.items
    print(f"{size.name}: {model.parameters_count:,} parameters, {size.items} texts, {mean:.0f} tokens each\n")
    print("| way | ms for 32 texts |" + "".join(f" of {base} |" for base in BASES) + " of the peak |")
    print("|---|---|" + "---|" * (len(BASES) + 1))
    times = in_turns({name: partial(way, size, device) for name, way in WAYS.items()}, rounds)
    for name, seconds in times.items():
        each = 1000 * median(seconds) * BATCH / size.items
        ratios = " | ".join(f"{ratio(seconds, times[base]):.2f}" for base in BASES)
        share = flops(size, tokens) / median(seconds) / top
        print(f"| {name} | {each:.1f} | {ratios} | {100 * share:.0f}% |", flush=True)
    print()


def peak(device: torch.device, width: int = 1024, times: int = 20) -> float:
    """Operations a second of a product of square matrices, the best of five."""
    matrix = torch.randn(width, width, device=device)
    best = 0.0
    for _ in range(5):
        matrix @ matrix
        clock = now(device)
        for _ in range(times):
            matrix @ matrix
        best = max(best, 2.0 * width**3 * times / (now(device) - clock))
    return best


if __name__ == "__main__":
    main()
