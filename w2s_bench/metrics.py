"""Per-item scores of predictions against gold; a fit's process never calls these.

Shapes: N test items, O options of the widest item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def picks(probabilities: NDArray) -> NDArray[np.int64]:
    """The most probable option of each item ``[N]``; the first of equals wins."""
    return np.argmax(probabilities, axis=1).astype(np.int64)


def correct(probabilities: NDArray, gold: NDArray[np.int64]) -> NDArray[np.uint8]:
    """1 where the most probable option is gold, else 0, ``[N]``."""
    return (picks(probabilities) == gold).astype(np.uint8)


def accuracy(probabilities: NDArray, gold: NDArray[np.int64]) -> float:
    """Share of items whose most probable option is gold."""
    return float(correct(probabilities, gold).mean())


def greedy_accuracy(answers: list[int], gold: NDArray[np.int64]) -> float:
    """Share of freely decoded answers that are exactly the gold option; −1 stands for no option at all."""
    return float((np.asarray(answers) == gold).mean())


def one_hot(gold: NDArray[np.int64], options: int) -> NDArray[np.float32]:
    """Gold labels as probabilities ``[N, O]``."""
    return np.eye(options, dtype=np.float32)[gold]
