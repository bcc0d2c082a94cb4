"""Build the fit request of a job from the store, and save its result.

:func:`request_of` is for students: the only gold in it is the method's declared budget.
:func:`gold_request_of` is for teachers and ceilings, and only the gold process calls it. Shapes: N items of a
part, O options, K teachers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from w2s_bench.data.splits import load_gold, load_items
from w2s_bench.errors import BadSuite
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
from w2s_bench.train.student_inputs import tags_of

APART = 7_919  # between the seeds of several teachers of one cell
ReadItems = Callable[[str, str], list[Item]]
Probabilities = NDArray[np.float32]


def item_reader(store: Store, parts: int = 24) -> ReadItems:
    """A function that reads the items of a split's part and caches those of the last ``parts``."""
    return lru_cache(parts)(partial(load_items, store))


def request_of(
    job: FitJob | UntrainedJob, store: Store, device: str, read: ReadItems | None = None
) -> FitRequest:
    """The request of a student or of an untrained model."""
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
        budget_teachers=_budget_teachers(job, store, budget) if budget else None,
        held_out=len(items[job.part]) // HELD_OUT if job.given.get(VALIDATION) == "held-out" else 0,
    )


def gold_request_of(job: FitJob, store: Store, device: str) -> FitRequest:
    """The request of a teacher or a ceiling, whose labels are gold."""
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
        training=job.training | {"curve": 0},  # curves are of students only
    )


def _fit_request(job: FitJob, device: str, items: dict[str, list[Item]], **given: Any) -> FitRequest:
    fields: dict[str, Any] = _model_fields(job, job.training["max_length"]) | {"training": job.training}
    return FitRequest(
        stage=job.stage,
        method=anchored(job.method),
        options=job.options,
        items=items,
        train=job.part,
        answers=job.predicts,
        device=device,
        **(fields | given),
    )


def _untrained_request(
    job: FitJob | UntrainedJob,
    read: ReadItems,
    device: str,
    question: Literal["states", "prior"],
    parts: tuple[str, ...],
    max_length: int,
) -> FitRequest:
    items = {part: read(job.split, part) for part in parts}
    fields = _model_fields(job, max_length)
    return FitRequest(training={}, items=items, answers=parts, device=device, untrained=question, **fields)


def _model_fields(job: FitJob | UntrainedJob, max_length: int) -> dict[str, Any]:
    """The fields of a request from which the model is built, and the title."""
    task, model = load_task(job.task), anchored_model(job.model)
    shape = Shape(domain=job.domain, classes=task.card.classes, max_length=max_length, ask=task.ask)
    return {"title": job.title, "domain": job.domain, "model": model, "shape": shape, "seed": job.seed}


def _items(job: FitJob, read: ReadItems) -> dict[str, list[Item]]:
    """Items of all parts that a fit needs: to train, predict, model language and validate."""
    language = LANGUAGE_PARTS if job.stage else ()
    validation = [VALIDATION] if job.given.get(VALIDATION) == "own" else []
    return {part: read(job.split, part) for part in (job.part, *job.predicts, *language, *validation)}


def _weak(job: FitJob, store: Store) -> dict[str, Probabilities]:
    """Weak labels by part: those to train on, and those of the suite's validation part if needed."""
    labels = {job.part: weak_labels(job, store)}
    if job.given.get(VALIDATION) == "own":
        labels[VALIDATION] = store.open("fit", str(job.labels)).arrays(VALIDATION)["probabilities"]
    return labels


def _teachers(job: FitJob, store: Store) -> Probabilities | None:
    """Labels of several teachers ``[K, N, O]``."""
    keys = job.given.get("teachers")
    if not keys:
        return None
    return np.stack([store.open("fit", key).arrays(job.part)["probabilities"] for key in keys])


def _budget_teachers(job: FitJob, store: Store, count: int) -> Probabilities | None:
    """What several teachers answer on the first items of the teacher half ``[K, n, O]``."""
    keys = job.given.get("teachers")
    if not keys:
        return None
    return np.stack([store.open("fit", key).arrays("teacher")["probabilities"][:count] for key in keys])


def _arrays(store: Store, key: str, items: dict[str, list[Item]]) -> dict[str, Probabilities]:
    """Hidden states or answers of the untrained model on the parts of a fit."""
    artifact = store.open("look", key)
    parts = [part for part in artifact.names() if part in items and part != BUDGET]
    return {part: artifact.arrays(part)["values"] for part in parts}


def _budget_gold(job: FitJob, store: Store, items: list[Item]) -> Probabilities:
    """Gold of the first items of the teacher half ``[n, O]``: the only gold that a method may be given."""
    gold = load_gold(store, job.split, "teacher")[: len(items)]
    return one_hot(gold, max(len(i.options) for i in items))


def save_result(store: Store, job: FitJob | UntrainedJob, result: FitResult) -> None:
    """Write a job's result to the store as one artifact."""
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
        facts = {"provenance": job.provenance(), "parameters": result.parameters}
        facts |= {"n_train": result.n_train, "epoch_loss": list(result.epoch_loss)}
        draft.json("fit", facts)
        draft.json("timing", {"fit_seconds": result.fit_seconds, "seconds": result.seconds})


def fit_seed(seed: int, variant: Mapping[str, Any]) -> int:
    """The seed of one of several teachers; the first has the cell's own."""
    return seed + APART * variant["index"] if variant.get("kind") == "seeds" else seed


def chosen_rows(items: Sequence[Item], variant: Mapping[str, Any]) -> NDArray[np.int64]:
    """Rows of the teacher half ``[n]`` to train on, in order: all, or a specialist's share of it by a tag.

    Errors: BadSuite for a tag that not all items have.
    """
    if variant.get("kind") != "specialists":
        return np.arange(len(items))
    tags = tags_of(items)
    if variant["by"] not in tags:
        raise BadSuite(
            f"no tag {variant['by']!r} to divide specialists by",
            where="key 'teachers_each.by'",
            expected="one of " + ", ".join(tags),
        )
    values = tags[variant["by"]]
    kind = float if all(isinstance(v, int | float) for v in values) else str
    order = sorted(range(len(items)), key=lambda i: (kind(values[i]), i))
    return np.sort(np.array_split(np.array(order), variant["count"])[variant["index"]])
