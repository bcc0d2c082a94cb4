"""Batches that are ready when a device is: on a GPU the next one is made while it works on this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from w2s_bench.model import Batch

T = TypeVar("T")
R = TypeVar("R")


def feed(
    given: Iterable[T], make: Callable[[T], list[Batch]], device: torch.device
) -> Iterator[tuple[T, list[Batch]]]:
    """What ``make`` gives for each, in order: in pinned memory and one ahead where the device is a GPU."""
    if device.type != "cuda":  # memory is the device's own, and a second thread would take its cores
        yield from ((one, make(one)) for one in given)
        return
    yield from ahead(given, lambda one: [pinned(batch) for batch in make(one)])


def ahead(given: Iterable[T], make: Callable[[T], R]) -> Iterator[tuple[T, R]]:
    """What ``make`` gives for each, in order, made in one thread while the one before it is used."""
    with ThreadPoolExecutor(1) as thread:
        waiting = None
        for one in given:
            coming = one, thread.submit(make, one)
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = coming
        if waiting is not None:
            yield waiting[0], waiting[1].result()


def pinned(batch: Batch) -> Batch:
    """The same batch in memory that a GPU copies from without stopping for it."""
    return Batch({name: v.pin_memory() for name, v in batch.inputs.items()}, batch.mask.pin_memory())
