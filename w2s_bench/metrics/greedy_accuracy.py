"""Greedy accuracy: how often free decoding, instead of a choice among the options, gives gold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from w2s_bench.metric import Metric


def greedy_accuracy(answers: Sequence[int] | NDArray[np.integer], gold: NDArray[np.int64]) -> float:
    """Share of freely decoded ``answers`` ``[N]`` that are the gold option; −1 stands for none."""
    return float((np.asarray(answers) == gold).mean())


METRIC = Metric(
    name="greedy_accuracy",
    title="greedy accuracy",
    compute=lambda answers: greedy_accuracy(answers.parts["greedy"]["answers"], answers.gold),
    needs="greedy",
    scale=100,
    form=".1f",
    tables=frozenset(),
)
