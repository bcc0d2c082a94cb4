"""The simulation: its truth is what was put in, and intervals hold it where there are seeds enough."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.commands import w2s

from w2s_bench.benchmarks.coverage import Coverage, Design, _task, as_markdown, designs, measure


def test_accuracies_are_those_put_in_whatever_seeds_do() -> None:
    design, rng = Design(gap=0.1, seeds=20, items=4000, spread=0.03), np.random.default_rng(0)
    runs = [_task(design, (0.7, 0.74, 0.8), rng) for _ in range(20)]
    found = np.mean([[scores.mean() for scores in run] for run in runs], axis=0)
    assert found == pytest.approx([0.7, 0.74, 0.8], abs=0.004)
    spread = np.mean([scores.mean(1).std(ddof=1) for run in runs for scores in run[:1]])
    assert spread == pytest.approx(0.03, abs=0.005)


@pytest.mark.parametrize("spread", [0.0, 0.01])
def test_three_seeds_cover(spread: float) -> None:
    found = measure(Design(gap=0.1, seeds=3, items=500, spread=spread), runs=150)
    for share in (found.pooled, found.cell, found.difference):
        assert 0.90 <= share <= 1.0


def test_one_seed_cannot_tell_what_seeds_do() -> None:
    found = measure(Design(gap=0.1, seeds=1, items=1000, spread=0.03), runs=100)
    assert found.pooled < 0.9 and found.difference < 0.9


def test_all_designs_stand_in_the_table() -> None:
    listed = list(designs())
    assert {d.gap for d in listed} == {0.02, 0.05, 0.1, 0.2} and {d.seeds for d in listed} == {1, 2, 3, 5, 10}
    assert {d.items for d in listed} == {200, 1000, 5000} and len(listed) == 4 * 5 * 3 * 3
    made = Coverage(design=listed[0], pooled=0.95, cell=0.96, difference=0.94, unbounded=0.5, bootstrap=0.99)
    assert "| 2 | 1 | 200 | 0 | 95.0 | 96.0 | 94.0 | 50.0 | 99.0 |" in as_markdown([made])


def test_the_verb_prints_json() -> None:
    done = w2s("check", "intervals", "--runs", "10", "--items", "50", "--json")
    assert done.exit_code == 0
    assert len(json.loads(done.stdout)["coverage"]) == 60
