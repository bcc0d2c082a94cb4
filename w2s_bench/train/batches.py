"""In which batches a fit sees its items: drawn anew each epoch, from seed and lengths alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from w2s_bench.suite import Training

POOL = 32  # batches whose items are sorted together: more make less padding and a less random order

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Step:
    """One batch: the how-manieth step of how many, its epoch, its place among the ``of`` batches of that
    epoch, and the indices of its items."""

    step: int
    steps: int
    epoch: int
    place: int
    of: int
    items: Indices

    @property
    def share(self) -> float:
        """Of the fit's steps that are done after this one."""
        return (self.step + 1) / self.steps

    def mark(self, times: int) -> int | None:
        """Of marks set ``times`` an epoch at equal distances, the last one that this step reaches, counted
        over all epochs; None where it reaches none."""
        before, after = (self.epoch * times + k * times // self.of for k in (self.place, self.place + 1))
        return after - 1 if after > before else None


def turns(training: Training, lengths: Sequence[int], seed: int) -> list[Step]:
    """All batches of a fit of so many items, whose ``lengths`` are in tokens."""
    epochs = [_batches(training, np.asarray(lengths), [seed, epoch]) for epoch in range(training.epochs)]
    steps, step = sum(map(len, epochs)), count()
    return [
        Step(next(step), steps, epoch, place, len(found), items)
        for epoch, found in enumerate(epochs)
        for place, items in enumerate(found)
    ]


def _batches(training: Training, lengths: Indices, seed: list[int]) -> list[Indices]:
    """Of one epoch: in random order, or items of like length together and the batches in random order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lengths))
    if training.batching == "length":
        pools = _split(order, POOL * training.batch_size)
        order = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    found = [
        batch
        for part in _split(order, training.batch_size)
        for batch in _within(part, lengths, training.tokens_per_batch)
    ]
    return [found[k] for k in rng.permutation(len(found))] if training.batching == "length" else found


def _split(order: Indices, size: int) -> list[Indices]:
    """In order, ``size`` each; the last may be smaller."""
    return [order[k : k + size] for k in range(0, len(order), size)]


def _within(batch: Indices, lengths: Indices, budget: int | None) -> Iterator[Indices]:
    """A batch in parts whose items, each as long as the longest, have ``budget`` tokens at most."""
    if budget is None:
        yield batch
        return
    start, longest = 0, 0
    for k, length in enumerate(lengths[batch]):
        longest = max(longest, int(length))
        if k > start and (k - start + 1) * longest > budget:
            yield batch[start:k]
            start, longest = k, int(length)
    yield batch[start:]
