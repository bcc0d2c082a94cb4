"""Tie groups of the methods of a domain: those tied with the best, then with the next best, and so on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2s_bench import stats
from w2s_bench.pgr.cells import Cell, Key, pooled

NAIVE = "naive"


def tie_groups(pools: Mapping[str, list[Cell]]) -> dict[str, int]:
    """The group of each method that has cells; 1 is the best.

    Methods are ordered by their mean lead over naive on their own cells. The first leads group 1. Methods
    join it until one is worse than the leader: its paired 95% interval, on the cells that both have, is below
    zero. That method leads the next group. Methods without a cell in common are tied. The intervals are
    pointwise, so among many methods a few are separated by chance.
    """
    cells = {name: {cell.where: cell for cell in pool} for name, pool in pools.items() if pool}
    order = sorted(cells, key=lambda name: -_lead(cells[name], cells.get(NAIVE, {})))
    groups: dict[str, int] = {}
    leader, group = "", 0
    for name in order:
        if not leader or _worse(cells[name], cells[leader]):
            leader, group = name, group + 1
        groups[name] = group
    return groups


def _lead(own: Mapping[Key, Cell], naive: Mapping[Key, Cell]) -> float:
    """Mean lead over naive; over the teacher where there is no naive."""
    leads = [c.over(naive[where]) if where in naive else c.gain for where, c in own.items()]
    return float(np.mean([table.mean() for table in leads]))


def _worse(own: Mapping[Key, Cell], best: Mapping[Key, Cell]) -> bool:
    common = sorted(own.keys() & best.keys())
    if not common:
        return False
    high = stats.mean_interval(pooled((where[0], own[where].over(best[where])) for where in common)).high
    return high is not None and high < 0
