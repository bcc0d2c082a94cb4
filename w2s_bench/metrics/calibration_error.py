"""Expected calibration error: the distance between confidence and accuracy. Lower is better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from w2s_bench.metric import Metric, correct

BINS = 15


def calibration_error(confidence: NDArray, correct: NDArray, bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017, arXiv 1706.04599), in bins of equal width.

    The mean over items of the distance between accuracy and mean confidence in their bin. ``confidence`` of
    the option picked and ``correct`` (0 or 1) have shape ``[N]``.
    """
    sure, right = np.ravel(confidence).astype(np.float64), np.ravel(correct).astype(np.float64)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = np.bincount(place, right - sure, bins)
    return float(np.abs(gaps).sum() / sure.size)


METRIC = Metric(
    name="calibration_error",
    title="calibration error",
    compute=lambda answers: calibration_error(
        answers.probabilities.max(1), correct(answers.probabilities, answers.gold)
    ),
)
