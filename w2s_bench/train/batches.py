"""The batches of a fit, drawn anew each epoch from the seed and the lengths of the items alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from w2s_bench.suite import Training

POOL = 32  # batches whose items are sorted together: more gives less padding and a less random order

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a fit: its ``index`` of ``total``, its place in the epoch, the items of its batch."""

    index: int
    total: int
    epoch: int
    index_in_epoch: int
    epoch_steps: int
    items: Indices

    @property
    def share(self) -> float:
        """Share of the fit's steps that are done after this one."""
        return (self.index + 1) / self.total

    def mark(self, times: int) -> int | None:
        """The last of ``times`` evenly spaced marks an epoch that this step reaches, counted over all epochs.

        None if it reaches none.
        """
        before, after = (
            self.epoch * times + k * times // self.epoch_steps
            for k in (self.index_in_epoch, self.index_in_epoch + 1)
        )
        return after - 1 if after > before else None


def draw_steps(training: Training, lengths: Sequence[int], seed: int) -> list[Step]:
    """All steps of a fit of items whose ``lengths`` are in tokens."""
    epochs = [_batches(training, np.asarray(lengths), [seed, epoch]) for epoch in range(training.epochs)]
    total, index = sum(map(len, epochs)), count()
    return [
        Step(next(index), total, epoch, k, len(batches), items)
        for epoch, batches in enumerate(epochs)
        for k, items in enumerate(batches)
    ]


def _batches(training: Training, lengths: Indices, seed: list[int]) -> list[Indices]:
    """Batches of one epoch, in random order; by ``length``, items of similar length come together."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lengths))
    if training.batching == "length":
        pools = _split(order, POOL * training.batch_size)
        order = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    batches = [
        batch
        for part in _split(order, training.batch_size)
        for batch in _within_budget(part, lengths, training.tokens_per_batch)
    ]
    return [batches[k] for k in rng.permutation(len(batches))] if training.batching == "length" else batches


def _split(order: Indices, size: int) -> list[Indices]:
    """Consecutive parts of ``size`` items; the last may be smaller."""
    return [order[k : k + size] for k in range(0, len(order), size)]


def _within_budget(batch: Indices, lengths: Indices, budget: int | None) -> Iterator[Indices]:
    """Parts of a batch with at most ``budget`` tokens each, padding included."""
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
