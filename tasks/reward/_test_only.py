"""Benchmarks of reward models as test sets: every chosen answer of a prompt against rejected ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from w2s_bench.sources import Expanded, HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard, preference


def benchmark(card: TaskCard, hub: HubSource, pairs: Callable[[Row], Iterable[Row]], code: Path) -> Task:
    """A test-only task; ``pairs`` gives rows ``id, prompt, chosen, rejected, kind`` of a raw row."""
    return Task(
        card=card,
        source=Expanded(source=hub, expand=pairs, code=(code,)),
        example=example,
        group=lambda row: str(row["id"]),
        ask=Ask("Is this a good answer? Answer:", ("no", "yes")),
    )


def example(row: Row) -> Example:
    """A pair, with the part of the benchmark that it belongs to."""
    sides = (row[side].strip() for side in ("chosen", "rejected"))
    return preference(row["prompt"].strip(), *sides, group=str(row["id"]), kind=row["kind"])
