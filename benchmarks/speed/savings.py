"""Time that each part of a fused fit saves: python -m benchmarks.speed.savings prints a table.

It compares fits by length with all parts to fits with one part left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from statistics import median
from typing import Any
from unittest.mock import patch

import torch

from benchmarks.speed.loops import BATCH, in_turns, ours, ratio
from benchmarks.speed.subjects import SIZES, Size
from w2s_bench.train import fused

CPU = torch.device("cpu")
LEFT_OUT: dict[str, dict[str, Any]] = {
    "everything": {},
    "all tokens in the last block": {"ends_only": lambda body, whole: nullcontext(whole)},
    "GELU as transformers has it": {"SLOW": frozenset()},
    "pieces of one size": {"small_pieces": lambda body, read: read},
    "a mask": {"needs_no_mask": lambda body: False},
}
HALF: dict[str, dict[str, Any]] = {
    "bf16": {},
    "bf16, attention in bf16 too": {"SingleAttention": nullcontext},
}


def main() -> None:
    """Print milliseconds for 32 texts, and how much longer a fit takes without a part."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.speed.savings", description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--sizes", nargs="*", default=[s.name for s in SIZES])
    given = options.parse_args()
    torch.set_num_threads(1)
    for size in [s for s in SIZES if s.name in given.sizes]:
        ways = {name: _way(size, parts) for name, parts in LEFT_OUT.items()}
        ways |= {name: _way(size, parts, precision="bf16") for name, parts in HALF.items()}
        times = in_turns(ways, given.rounds)
        print(f"{size.name}\n\n| with | ms for 32 texts | of everything |\n|---|---|---|")
        for name, seconds in times.items():
            each = 1000 * median(seconds) * BATCH / size.items
            print(f"| {name} | {each:.1f} | {ratio(seconds, times['everything']):.2f} |", flush=True)
        print()


def _way(size: Size, parts: dict[str, Any], **settings: Any) -> Callable[[], float]:
    def way() -> float:
        with ExitStack() as undo:
            for name, instead in parts.items():
                undo.enter_context(patch.object(fused, name, instead))
            return ours(size, CPU, batching="length", fused=True, **settings)

    return way


if __name__ == "__main__":
    main()
