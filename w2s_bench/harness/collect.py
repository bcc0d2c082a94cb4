"""Scores: the one place where predictions meet gold. Runs in the parent, after the fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.harness.job import FitJob
from w2s_bench.harness.plan import Plan
from w2s_bench.harness.references import weak_labels
from w2s_bench.metrics import accuracy, correct, greedy_accuracy, picks
from w2s_bench.records import ScoreRecord
from w2s_bench.rundir import Scored
from w2s_bench.splits import load_gold, load_items
from w2s_bench.store import Artifact, Store
from w2s_bench.task import Item


@dataclass(frozen=True, slots=True)
class Test:
    """Ids and gold options of a test set, and how often guessing is right."""

    ids: list[str]
    gold: NDArray[np.int64]
    chance: float


def collect(plan: Plan, store: Store) -> list[Scored]:
    """Score every finished fit of the plan: those that its cells use, and the rungs between them."""
    tests: dict[str, Test] = {}
    scored = []
    for job in plan.jobs.values():
        if isinstance(job, FitJob) and store.has("fit", job.key):
            if job.split not in tests:
                items = load_items(store, job.split, "test")
                chance = float(np.mean([1 / len(i.options) for i in items]))
                tests[job.split] = Test([i.id for i in items], load_gold(store, job.split, "test"), chance)
            scored.append(_score(job, store, tests[job.split]))
    return scored


def test_items(plan: Plan, store: Store) -> dict[str, list[Item]]:
    """The test items of each task of the plan; every seed has the same."""
    found: dict[str, list[Item]] = {}
    for job in plan.jobs.values():
        if isinstance(job, FitJob) and job.task not in found and store.has("fit", job.key):
            found[job.task] = load_items(store, job.split, "test")
    return found


def _score(job: FitJob, store: Store, test: Test) -> Scored:
    gold = test.gold
    artifact = store.open("fit", job.key)
    facts: dict[str, Any] = artifact.json("fit")
    probabilities = artifact.arrays("test")["probabilities"]
    record = ScoreRecord(
        key=job.key,
        role=job.role,
        domain=job.domain,
        task=job.task,
        task_version=job.task_version,
        model=job.model,
        parameters=facts["parameters"],
        method=job.method,
        options=job.options | ({"teacher": job.variant} if job.variant else {}),
        labels_from=job.labels,
        seed=job.seed,
        n_train=facts["n_train"],
        n_test=len(gold),
        accuracy=float(correct(probabilities, gold).mean()),
        label_accuracy=_label_accuracy(job, store),
        metrics=_metrics(artifact, gold),
        chance=test.chance,
        loss=facts["epoch_loss"],
    )
    mine = probabilities[np.arange(len(gold)), gold]
    return Scored(record, test.ids, picks(probabilities), gold, mine)


def _metrics(artifact: Artifact, gold: NDArray[np.int64]) -> dict[str, float]:
    if "greedy" not in artifact.names():
        return {}
    return {"greedy_accuracy": greedy_accuracy(artifact.arrays("greedy")["answers"].tolist(), gold)}


def _label_accuracy(job: FitJob, store: Store) -> float:
    """Share of the training labels that agree with gold."""
    if job.labels is None:
        return 1.0
    return accuracy(weak_labels(job, store), load_gold(store, job.split, job.part))
