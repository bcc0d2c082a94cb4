"""Metrics, one a file: probabilities and gold in, one number a fit out.

To add one, write a file here that defines ``METRIC``, a :class:`w2s_bench.metric.Metric`; scores and tables
then include it. Metrics may import ``metric`` and ``stats``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from w2s_bench.metric import Metric


def all_metrics() -> tuple[Metric, ...]:
    """The metric of each file of this room, in the order of file names."""
    return _load(tuple(__path__))


@cache
def _load(folders: tuple[str, ...]) -> tuple[Metric, ...]:
    names = sorted(module.name for module in iter_modules(folders))
    return tuple(import_module(f"{__name__}.{name}").METRIC for name in names)
