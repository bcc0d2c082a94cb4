"""Per-item scores of predictions against gold; a fit's process never calls these.

Shapes: N test items, O options of the widest item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINES = "solved lines"  # the share of lines whose every item is answered right
LINE, LINE_LENGTH = "line", "line length"  # tags of an item of such a task: its line, and the items that has


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


def by_line(lines: Sequence[str], values: NDArray[Any]) -> tuple[list[str], NDArray[Any]]:
    """Each line's name, in the order of their first items, and the product ``[L]`` of ``values`` ``[N]`` over
    the line's items."""
    places = {name: k for k, name in enumerate(dict.fromkeys(lines))}
    out = np.ones(len(places), dtype=values.dtype)
    np.multiply.at(out, [places[name] for name in lines], values)
    return list(places), out
