"""Between the store and a fit: builds the request of a job, and saves its result.

Runs where the store is open. :func:`request_of` is for students: the only gold in it is the stated budget of
the teacher half. :func:`gold_request_of` is for teachers and ceilings, and is called in the gold process
alone. Shapes: N items of a part, O options, K teachers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from w2s_bench.data.splits import load_gold, load_items
from w2s_bench.metric import one_hot
from w2s_bench.model import Shape, anchored_model
from w2s_bench.plan.job import PRIOR_LENGTH, UNTRAINED_KINDS, FitJob, UntrainedJob
from w2s_bench.registry.load import anchored
from w2s_bench.run.weak_labels import weak_labels
from w2s_bench.store.local import Store
from w2s_bench.task import Item, load_task
from w2s_bench.train.fit_request import (
    ADAPTER,
    BUDGET,
    CURVE,
    HELD_OUT,
    LANGUAGE_PARTS,
    VALIDATION,
    FitRequest,
    FitResult,
)
from w2s_bench.train.teacher_variants import chosen_rows, fit_seed

ReadItems = Callable[[str, str], list[Item]]
Probabilities = NDArray[np.float32]


def item_reader(store: Store, parts: int = 24) -> ReadItems:
    """Gives the items of a split's part; those of the last ``parts`` are cached for the next requests."""
    return lru_cache(parts)(partial(load_items, store))


def request_of(
    job: FitJob | UntrainedJob, store: Store, device: str, read: ReadItems | None = None
) -> FitRequest:
    """Everything that the process of a student, or of an untrained model, is sent."""
    assert not job.sees_gold
    read = read or item_reader(store)
    if isinstance(job, UntrainedJob):
        return _untrained_request(job, read, device, job.kind, job.parts, job.max_length)
    if job.untrained:
        return _untrained_request(job, read, device, "prior", job.predicts, PRIOR_LENGTH)
    items, budget = _items(job, read), int(job.given.get("budget", 0))
    if budget:
        items[BUDGET] = read(job.split, "teacher")[:budget]
    arrays = {kind: _arrays(store, job.given[kind], items) for kind in UNTRAINED_KINDS if kind in job.given}
    return _fit_request(
        job,
        device,
        items,
        labels=_weak(job, store),
        teachers=_teachers(job, store),
        states=arrays.get("states", {}),
        prior=arrays.get("prior", {}),
        gold=_budget_gold(job, store, items[BUDGET]) if budget else None,
        held_out=len(items[job.part]) // HELD_OUT if job.given.get(VALIDATION) == "held-out" else 0,
    )


def gold_request_of(job: FitJob, store: Store, device: str) -> FitRequest:
    """The same for a teacher on the teacher half or a ceiling on the transfer half: gold is its labels."""
    assert job.sees_gold
    items = _items(job, item_reader(store))
    width = max(len(item.options) for item in items[job.part])
    return _fit_request(
        job,
        device,
        items,
        seed=fit_seed(job.seed, job.variant),
        labels={job.part: one_hot(load_gold(store, job.split, job.part), width)},
        rows=chosen_rows(items[job.part], job.variant),
        training=job.training | {"curve": 0},  # curves are drawn of students, beside their teachers
    )


def _fit_request(job: FitJob, device: str, items: dict[str, list[Item]], **given: Any) -> FitRequest:
    fields: dict[str, Any] = {"seed": job.seed, "training": job.training} | given
    return FitRequest(
        title=job.title,
        domain=job.domain,
        model=anchored_model(job.model),
        shape=_shape_of(job, job.training["max_length"]),
        stage=job.stage,
        method=anchored(job.method),
        options=job.options,
        items=items,
        train=job.part,
        answers=job.predicts,
        device=device,
        **fields,
    )


def _untrained_request(
    job: FitJob | UntrainedJob,
    read: ReadItems,
    device: str,
    question: Literal["states", "prior"],
    parts: tuple[str, ...],
    max_length: int,
) -> FitRequest:
    return FitRequest(
        title=job.title,
        domain=job.domain,
        model=anchored_model(job.model),
        shape=_shape_of(job, max_length),
        seed=job.seed,
        training={},
        items={part: read(job.split, part) for part in parts},
        answers=parts,
        device=device,
        untrained=question,
    )


def _shape_of(job: FitJob | UntrainedJob, max_length: int) -> Shape:
    """What the model of a job must know of its task."""
    task = load_task(job.task)
    return Shape(domain=job.domain, classes=task.card.classes, max_length=max_length, ask=task.ask)


def _items(job: FitJob, read: ReadItems) -> dict[str, list[Item]]:
    """Items of all parts that a fit needs: to train, to answer, to read before, to select by."""
    before = LANGUAGE_PARTS if job.stage else ()
    return {part: read(job.split, part) for part in (job.part, *job.predicts, *before, *_selection(job))}


def _selection(job: FitJob) -> tuple[str, ...]:
    return (VALIDATION,) if job.given.get(VALIDATION) == "own" else ()


def _weak(job: FitJob, store: Store) -> dict[str, Probabilities]:
    labels = {job.part: weak_labels(job, store)}
    for part in _selection(job):
        labels[part] = store.open("fit", str(job.labels)).arrays(part)["probabilities"]
    return labels


def _teachers(job: FitJob, store: Store) -> Probabilities | None:
    """Labels of several teachers ``[K, N, O]``."""
    keys = job.given.get("teachers")
    if not keys:
        return None
    return np.stack([store.open("fit", key).arrays(job.part)["probabilities"] for key in keys])


def _arrays(store: Store, key: str, items: dict[str, list[Item]]) -> dict[str, Probabilities]:
    """States or answers of the untrained model on the parts of a fit."""
    artifact = store.open("look", key)
    parts = [part for part in artifact.names() if part in items and part != BUDGET]
    return {part: artifact.arrays(part)["values"] for part in parts}


def _budget_gold(job: FitJob, store: Store, items: list[Item]) -> Probabilities:
    """Gold of the first items of the teacher half ``[n, O]``: the only gold that a method may be given."""
    gold = load_gold(store, job.split, "teacher")[: len(items)]
    return one_hot(gold, max(len(i.options) for i in items))


def save_result(store: Store, job: FitJob | UntrainedJob, result: FitResult) -> None:
    """Write what a job made as one artifact."""
    if isinstance(job, UntrainedJob):
        with store.write("look", job.key) as draft:
            for part, values in result.arrays.items():
                draft.arrays(part, {"values": values})
            draft.json("timing", {"seconds": result.seconds})
        return
    with store.write("fit", job.key) as draft:
        for part, values in result.arrays.items():
            draft.arrays(part, {"probabilities": values})
        if result.greedy is not None:
            draft.arrays("greedy", {"answers": result.greedy})
        if result.curve:
            shares, picked = zip(*result.curve, strict=True)
            draft.arrays(CURVE, {"share": np.array(shares), "picked": np.stack(picked).astype(np.int16)})
        if result.adapter:
            draft.arrays(ADAPTER, result.adapter)
        draft.json("fit", _facts(job, result))
        draft.json("timing", {"fit_seconds": result.fit_seconds, "seconds": result.seconds})


def _facts(job: FitJob, result: FitResult) -> dict[str, Any]:
    return {
        "provenance": job.provenance(),
        "parameters": result.parameters,
        "n_train": result.n_train,
        "epoch_loss": list(result.epoch_loss),
    }
