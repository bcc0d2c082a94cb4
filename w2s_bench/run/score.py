"""Scores: the one place where predictions meet gold. Runs in the parent, after the fits."""

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
    """Ids and gold options of a test set, and how often guessing is right.

    ``lines``: the line of each item where a line and not an item is what is scored; ``chance`` is then that
    of guessing all of a line.
    """

    ids: list[str]
    gold: NDArray[np.int64]
    chance: float
    lines: list[str] | None = None


def collect(plan: Plan, store: Store) -> list[Scored]:
    """Score every finished fit of the plan: those that its cells use, and the rungs between them."""
    tests: dict[tuple[str, str], Test] = {}

    def test(job: FitJob, part: str, task: str = "") -> Test:
        key = job.split, part
        if key not in tests:
            tests[key] = _test(store, *key, lines=bool(task) and load_task(task).card.metric == LINES)
        return tests[key]

    jobs = [j for j in plan.jobs.values() if isinstance(j, FitJob) and store.has("fit", j.key)]
    return [
        _score(
            job,
            store,
            test(job, "test"),
            {n: (p, test(job, p, n)) for n, p in zip(job.companions, job.companion_parts, strict=True)},
        )
        for job in jobs
    ]


def left_out(plan: Plan, store: Store) -> dict[str, dict[str, Excluded]]:
    """Rows that cannot be used, by task and split: of each task's draws the one that left out the most."""
    found: dict[str, dict[str, Excluded]] = {}
    for job in plan.jobs.values():
        if isinstance(job, SplitJob):
            mine = load_excluded(store, job.key)
            if mine and _bad(mine) > _bad(found.get(job.task, {})):
                found[job.task] = mine
    return found


def test_items(plan: Plan, store: Store) -> dict[str, list[Item]]:
    """The test items of each task of the plan; every seed has the same."""
    found: dict[str, list[Item]] = {}
    for job in plan.jobs.values():
        if isinstance(job, FitJob) and job.task not in found and store.has("fit", job.key):
            found[job.task] = load_items(store, job.split, "test")
    return found


def _bad(splits: dict[str, Excluded]) -> int:
    """-1 where nothing is known."""
    return sum(e.bad for e in splits.values()) if splits else -1


def _test(store: Store, split: str, part: str, lines: bool = False) -> Test:
    items = load_items(store, split, part)
    chances, named = np.array([1 / len(i.options) for i in items]), None
    if lines:
        named = [str(i.tags[LINE]) for i in items]
        _, chances = by_line(named, chances)
    return Test([i.id for i in items], load_gold(store, split, part), float(chances.mean()), named)


def _score(job: FitJob, store: Store, test: Test, companions: dict[str, tuple[str, Test]]) -> Scored:
    gold = test.gold
    artifact = store.open("fit", job.key)
    facts: dict[str, Any] = artifact.json("fit")
    probabilities = artifact.arrays("test")["probabilities"]
    others = {
        name: (artifact.arrays(part)["probabilities"], other) for name, (part, other) in companions.items()
    }
    answers = {name: _answers(*values) for name, values in others.items()}
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
        companions={name: _companion(found, others[name][1].chance) for name, found in answers.items()},
    )
    return Scored(record, _answers(probabilities, test), answers)


def _companion(answers: Answers, chance: float) -> CompanionScore:
    right = float((answers.picked == answers.gold).mean())
    return CompanionScore(accuracy=right, n_test=len(answers.gold), chance=chance)


def _answers(probabilities: NDArray[np.float32], test: Test) -> Answers:
    mine = probabilities[np.arange(len(test.gold)), test.gold]
    if test.lines is None:
        return Answers(test.ids, picks(probabilities), test.gold, mine)
    lines, solved = by_line(test.lines, correct(probabilities, test.gold).astype(np.int64))
    return Answers(lines, solved, np.ones_like(solved), by_line(test.lines, mine)[1])


def _curve(job: FitJob, store: Store, artifact: Artifact, gold: NDArray[np.int64]) -> list[CurvePoint]:
    """A student while it trained, beside gold and beside its teacher."""
    if CURVE not in artifact.names() or job.labels is None:
        return []
    found = artifact.arrays(CURVE)
    teacher = picks(store.open("fit", job.labels).arrays("test")["probabilities"])
    return [
        CurvePoint(
            share=float(share),
            accuracy=float((picked == gold).mean()),
            agreement=float((picked == teacher).mean()),
        )
        for share, picked in zip(found["share"], found["picked"], strict=True)
    ]


def _metrics(
    artifact: Artifact, probabilities: NDArray[np.float32], gold: NDArray[np.int64]
) -> dict[str, float]:
    """Every metric whose needs the fit has stored, by name."""
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
