"""The labels that a student learns from: predictions of another fit, shuffled for one control."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from w2s_bench.data.splits import load_items
from w2s_bench.plan.job import FitJob
from w2s_bench.store.local import Store


def weak_labels(job: FitJob, store: Store) -> NDArray[np.float32]:
    """The teacher's probabilities ``[N, O]`` for the part that the job trains on."""
    assert job.labels is not None
    labels: NDArray[np.float32] = store.open("fit", job.labels).arrays(job.part)["probabilities"]
    if not job.shuffled:
        return labels
    options = np.array([len(item.options) for item in load_items(store, job.split, job.part)])
    return shuffled(labels, options, job.seed)


def shuffled(labels: NDArray[np.float32], options: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
    """Weak labels ``[N, O]`` permuted at random, so that they say nothing about their items.

    ``options [N]`` counts the options of each item. If all are equal, whole rows are permuted, which keeps
    the mix of classes; otherwise (legal moves) each row is permuted within itself.
    """
    rng = np.random.default_rng([seed, len(labels)])
    if (options == options[0]).all():
        return labels[rng.permutation(len(labels))]
    out = labels.copy()
    for row, count in zip(out, options, strict=True):
        row[:count] = rng.permutation(row[:count])
    return out
