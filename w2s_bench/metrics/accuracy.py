"""Accuracy, from which PGR is computed, so records and tables have a separate field for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from w2s_bench.metric import Metric, correct


def accuracy(probabilities: NDArray, gold: NDArray[np.int64]) -> float:
    """Share of items whose most probable option ``[N, O]`` is gold ``[N]``."""
    return float(correct(probabilities, gold).mean())


METRIC = Metric(
    name="accuracy",
    title="accuracy",
    compute=lambda answers: accuracy(answers.probabilities, answers.gold),
    scale=100,
    form=".1f",
    tables=frozenset(),  # tables show it as teacher, student and ceiling
)
