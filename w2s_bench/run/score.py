"""Scores of finished fits, computed in the parent: the only module that compares predictions with gold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.bad_rows import Excluded
from w2s_bench.data.splits import load_excluded, load_gold, load_items
from w2s_bench.metric import LINE, LINES, FitAnswers, by_line, correct, picks
from w2s_bench.metrics import all_metrics
from w2s_bench.metrics.accuracy import accuracy
from w2s_bench.plan.job import FitJob, SplitJob
from w2s_bench.plan.plan import Plan
from w2s_bench.records import CompanionScore, CurvePoint, ScoreRecord
from w2s_bench.results.run_folder import Answers, Scored
from w2s_bench.run.weak_labels import weak_labels
from w2s_bench.store.local import Artifact, Store
from w2s_bench.task import Item, load_task
from w2s_bench.train.fit_request import CURVE


@dataclass(frozen=True, slots=True)
class Test:
    """Ids and gold options of a test set, and the accuracy of guessing (``chance``).

    ``lines``: the solution line of each item, if whole lines are scored instead of items.
    """

    ids: list[str]
    gold: NDArray[np.int64]
    chance: float
    lines: list[str] | None = None


def collect(plan: Plan, store: Store) -> list[Scored]:
    """Score every finished fit of the plan, including intermediate students."""
    tests: dict[tuple[str, str], Test] = {}

    def test(job: FitJob, part: str, task: str = "") -> Test:
        key = job.split, part
        if key not in tests:
            tests[key] = _test(store, *key, lines=bool(task) and load_task(task).card.metric == LINES)
        return tests[key]

    def score(job: FitJob) -> Scored:
        parts = zip(job.companions, job.companion_parts, strict=True)
        companions = {name: (part, test(job, part, name)) for name, part in parts}
        return _score(job, store, test(job, "test"), companions)

    return [score(j) for j in plan.jobs.values() if isinstance(j, FitJob) and store.has("fit", j.key)]


def left_out(plan: Plan, store: Store) -> dict[str, dict[str, Excluded]]:
    """Unusable rows by task and split, from the draw of each task that left out the most."""
    by_task: dict[str, dict[str, Excluded]] = {}
    for job in plan.jobs.values():
        if isinstance(job, SplitJob):
            excluded = load_excluded(store, job.key)
            if excluded and _bad(excluded) > _bad(by_task.get(job.task, {})):
                by_task[job.task] = excluded
    return by_task


def test_items(plan: Plan, store: Store) -> dict[str, list[Item]]:
    """The test items of each task of the plan, which are the same at every seed."""
    by_task: dict[str, list[Item]] = {}
    for job in plan.jobs.values():
        if isinstance(job, FitJob) and job.task not in by_task and store.has("fit", job.key):
            by_task[job.task] = load_items(store, job.split, "test")
    return by_task


def _bad(splits: dict[str, Excluded]) -> int:
    """Number of unusable rows; -1 if unknown."""
    return sum(e.bad for e in splits.values()) if splits else -1


def _test(store: Store, split: str, part: str, lines: bool = False) -> Test:
    items = load_items(store, split, part)
    chances, names = np.array([1 / len(i.options) for i in items]), None
    if lines:
        names = [str(i.tags[LINE]) for i in items]
        _, chances = by_line(names, chances)
    return Test([i.id for i in items], load_gold(store, split, part), float(chances.mean()), names)


def _score(job: FitJob, store: Store, test: Test, companions: dict[str, tuple[str, Test]]) -> Scored:
    gold = test.gold
    artifact = store.open("fit", job.key)
    facts: dict[str, Any] = artifact.json("fit")
    probabilities = artifact.arrays("test")["probabilities"]
    answers = {
        name: _answers(artifact.arrays(part)["probabilities"], other)
        for name, (part, other) in companions.items()
    }
    metrics = _metrics(artifact, probabilities, gold)
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
        accuracy=metrics.pop("accuracy"),
        label_accuracy=_label_accuracy(job, store),
        metrics=metrics,
        chance=test.chance,
        loss=facts["epoch_loss"],
        curve=_curve(job, store, artifact, gold),
        companions={name: _companion(answer, companions[name][1].chance) for name, answer in answers.items()},
    )
    return Scored(record, _answers(probabilities, test), answers)


def _companion(answers: Answers, chance: float) -> CompanionScore:
    right = float((answers.picked == answers.gold).mean())
    return CompanionScore(accuracy=right, n_test=len(answers.gold), chance=chance)


def _answers(probabilities: NDArray[np.float32], test: Test) -> Answers:
    of_gold = probabilities[np.arange(len(test.gold)), test.gold]
    if test.lines is None:
        return Answers(test.ids, picks(probabilities), test.gold, of_gold)
    lines, solved = by_line(test.lines, correct(probabilities, test.gold).astype(np.int64))
    return Answers(lines, solved, np.ones_like(solved), by_line(test.lines, of_gold)[1])


def _curve(job: FitJob, store: Store, artifact: Artifact, gold: NDArray[np.int64]) -> list[CurvePoint]:
    """A student's accuracy, and its agreement with its teacher, during training."""
    if CURVE not in artifact.names() or job.labels is None:
        return []
    points = artifact.arrays(CURVE)
    teacher = picks(store.open("fit", job.labels).arrays("test")["probabilities"])
    return [
        CurvePoint(
            share=float(share),
            accuracy=float((picked == gold).mean()),
            agreement=float((picked == teacher).mean()),
        )
        for share, picked in zip(points["share"], points["picked"], strict=True)
    ]


def _metrics(
    artifact: Artifact, probabilities: NDArray[np.float32], gold: NDArray[np.int64]
) -> dict[str, float]:
    """Values by name of all metrics whose inputs the fit has stored."""
    stored = artifact.names()
    metrics = [m for m in all_metrics() if m.needs is None or m.needs in stored]
    parts = {m.needs: artifact.arrays(m.needs) for m in metrics if m.needs is not None}
    answers = FitAnswers(probabilities=probabilities, gold=gold, parts=parts)
    return {m.name: m.compute(answers) for m in metrics}


def _label_accuracy(job: FitJob, store: Store) -> float:
    """Share of the training labels that agree with gold."""
    if job.labels is None:
        return 1.0
    return accuracy(weak_labels(job, store), load_gold(store, job.split, job.part))
