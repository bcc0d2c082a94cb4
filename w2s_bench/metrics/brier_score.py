"""Brier score: how far probabilities are from gold. Lower is better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from w2s_bench.metric import Metric


def brier_score(probabilities: NDArray, gold: NDArray[np.integer]) -> float:
    """Mean squared distance of ``probabilities [N, O]`` from one-hot gold ``[N]`` (Brier 1950): 0 to 2."""
    squares = (np.asarray(probabilities, dtype=np.float64) ** 2).sum(1)
    picked = np.asarray(probabilities, dtype=np.float64)[np.arange(len(gold)), gold]
    return float((squares - 2 * picked + 1).mean())


METRIC = Metric(
    name="brier_score",
    title="Brier score",
    compute=lambda answers: brier_score(answers.probabilities, answers.gold),
)
