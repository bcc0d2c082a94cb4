"""The contract of a metric, and the array functions behind scores.

A metric is a file in :mod:`w2s_bench.metrics` that defines one :class:`Metric` named ``METRIC``.
Shapes: N test items, O options of the widest item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINES = "solved lines"  # a task's metric: the share of lines with all items right
# Tags of an item of such a task: its line, and how many items that line has.
LINE, LINE_LENGTH = "line", "line length"


@dataclass(frozen=True, kw_only=True, slots=True)
class FitAnswers:
    """The answers of one fit on its test set: ``probabilities [N, O]`` and ``gold [N]``.

    ``parts`` holds the other stored arrays that metrics need, by the name of the part (such as ``greedy``).
    """

    probabilities: NDArray[np.float32]
    gold: NDArray[np.int64]
    parts: Mapping[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A number that measures the test answers of a fit.

    ``name`` is its key in records and files, ``title`` the head of its column. ``needs`` names the stored
    part that ``compute`` reads; a fit without that part has no such number. Tables show ``scale`` times the
    value in the format ``form``. ``tables``: the tables with that column (:mod:`w2s_bench.report.columns`).
    """

    name: str
    title: str
    compute: Callable[[FitAnswers], float]
    needs: str | None = None
    scale: float = 1
    form: str = ".2f"
    tables: frozenset[str] = frozenset({"answers"})


def picks(probabilities: NDArray) -> NDArray[np.int64]:
    """The most probable option of each item ``[N]``; the first of equals wins."""
    return np.argmax(probabilities, axis=1).astype(np.int64)


def correct(probabilities: NDArray, gold: NDArray[np.int64]) -> NDArray[np.uint8]:
    """1 where the most probable option is gold, else 0, ``[N]``."""
    return (picks(probabilities) == gold).astype(np.uint8)


def one_hot(gold: NDArray[np.int64], options: int) -> NDArray[np.float32]:
    """Gold labels as probabilities ``[N, O]``."""
    return np.eye(options, dtype=np.float32)[gold]


def by_line(lines: Sequence[str], values: NDArray[Any]) -> tuple[list[str], NDArray[Any]]:
    """Multiply the ``values`` ``[N]`` of each line's items: a line is solved when all its items are.

    Returns the names of the lines, in the order of their first items, and the products ``[L]``.
    """
    places = {name: k for k, name in enumerate(dict.fromkeys(lines))}
    out = np.ones(len(places), dtype=values.dtype)
    np.multiply.at(out, [places[name] for name in lines], values)
    return list(places), out
