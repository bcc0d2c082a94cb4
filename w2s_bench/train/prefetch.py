"""Batches that are ready when the device is: on a GPU the next one is made while it works on this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from w2s_bench.model import Batch

T = TypeVar("T")
R = TypeVar("R")


def prefetch(
    steps: Iterable[T], make: Callable[[T], list[Batch]], device: torch.device
) -> Iterator[tuple[T, list[Batch]]]:
    """Each step with the batches that ``make`` gives for it, in order.

    On a GPU they are in pinned memory and one step ahead. On a CPU a second thread would take cores away.
    """
    if device.type != "cuda":
        yield from ((step, make(step)) for step in steps)
        return
    yield from one_ahead(steps, lambda step: [pinned(batch) for batch in make(step)])


def one_ahead(steps: Iterable[T], make: Callable[[T], R]) -> Iterator[tuple[T, R]]:
    """What ``make`` gives for each step, in order, made in a thread while the step before is used."""
    with ThreadPoolExecutor(1) as thread:
        waiting = None
        for step in steps:
            coming = step, thread.submit(make, step)
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = coming
        if waiting is not None:
            yield waiting[0], waiting[1].result()


def pinned(batch: Batch) -> Batch:
    """The same batch in memory that a GPU copies from without stopping for it."""
    return Batch({name: v.pin_memory() for name, v in batch.inputs.items()}, batch.mask.pin_memory())
