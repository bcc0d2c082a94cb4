"""Fits spread over two processes resume from one checkpoint of both, to the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.tiny_models import tiny_gpt2

from w2s_bench.contract.requests import request
from w2s_bench.run.student_process import fit_student
from w2s_bench.run.workers import WorkerGroup
from w2s_bench.train import checkpoint
from w2s_bench.train.fit_request import FitRequest, FitResult


@pytest.fixture(scope="module")
def group() -> Iterator[WorkerGroup]:
    made = WorkerGroup("student", 2, "cpu")
    yield made
    made.end()


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"hf:{tiny_gpt2(tmp_path_factory.mktemp('model') / 'gpt2')}"


def often(given: FitRequest, before: bytes | None) -> FitResult:
    """As a student's process does, with a checkpoint of every step."""
    checkpoint.PAUSE = 0.0
    return fit_student(given, 1, 0.0, before)


def result(
    group: WorkerGroup, given: FitRequest, before: bytes | None = None
) -> tuple[FitResult, list[bytes]]:
    kept: list[bytes] = []
    done = group.call(often, given, before, limit=100.0, on_value=kept.append)
    return done, kept


# A method that trains twice, one that goes back to a moment, and adapters.
@pytest.mark.parametrize(
    ("method", "changes"),
    [("strong-to-strong", {}), ("early-stopping", {}), ("naive", {"lora": {"rank": 2}})],
)
def test_both_go_on_together(group: WorkerGroup, gpt2: str, method: str, changes: dict[str, Any]) -> None:
    given = request("nlp", method)
    recipe = {"epochs": 3, "batch_size": 32, "max_length": 64} | changes
    given = replace(given, model=gpt2, training=given.training | recipe)
    whole, kept = result(group, given)
    for before in (kept[len(kept) // 2], kept[-1]):
        again, later = result(group, given, before)
        assert again.epoch_loss == whole.epoch_loss
        assert again.arrays.keys() == whole.arrays.keys() and again.adapter.keys() == whole.adapter.keys()
        for name, values in (whole.arrays | whole.adapter).items():
            assert np.array_equal((again.arrays | again.adapter)[name], values), name
        assert len(later) == len(kept) - 1 - kept.index(before), "steps were done again"
    alone = fit_student(given, 1)
    assert np.abs(alone.arrays["test"] - whole.arrays["test"]).max() < 1e-3
