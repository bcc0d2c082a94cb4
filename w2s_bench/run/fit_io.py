"""Between the store and a student: makes the lesson of a job, and keeps what came back.

Runs in the parent, which holds the store. The only gold that enters a lesson is the stated budget of the
teacher half. Shapes: N items of a part, O options, K teachers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.data.splits import load_gold, load_items
from w2s_bench.metric import one_hot
from w2s_bench.model import Shape, anchored_model
from w2s_bench.plan.job import PRIOR_LENGTH, UNTRAINED_KINDS, FitJob, UntrainedJob
from w2s_bench.plan.reference_rows import weak_labels
from w2s_bench.registry.load import anchored
from w2s_bench.store.local import Store
from w2s_bench.task import Item, load_task
from w2s_bench.train.fit import LANGUAGE_PARTS
from w2s_bench.train.fit_request import ADAPTER, BUDGET, CURVE, HELD_OUT, VALIDATION, FitRequest, FitResult

Read = Callable[[str, str], list[Item]]


def shape_of(job: FitJob | UntrainedJob, max_length: int) -> Shape:
    """What the model of a job must know of its task."""
    task = load_task(job.task)
    return Shape(domain=job.domain, classes=task.card.classes, max_length=max_length, ask=task.ask)


def reading(store: Store, parts: int = 24) -> Read:
    """Items of a split's part, read once for lessons that follow each other; so many parts are kept."""
    return lru_cache(parts)(partial(load_items, store))


def request_of(job: Any, store: Store, device: str, read: Read | None = None) -> FitRequest:
    """Everything that a job's process needs; ``read`` gives the items of a split's part."""
    read = read or reading(store)
    if isinstance(job, UntrainedJob):
        return _look(job, read, device, job.kind, job.parts, job.max_length)
    if job.untrained:
        return _look(job, read, device, "prior", job.predicts, PRIOR_LENGTH)
    items = {part: read(job.split, part) for part in _parts(job)}
    given, budget = job.given, int(job.given.get("budget", 0))
    if budget:
        items[BUDGET] = read(job.split, "teacher")[:budget]
    looks = {kind: _arrays(store, "look", given[kind], job) for kind in UNTRAINED_KINDS if kind in given}
    return FitRequest(
        title=job.title,
        domain=job.domain,
        model=anchored_model(job.model),
        shape=shape_of(job, job.training["max_length"]),
        seed=job.seed,
        training=job.training,
        stage=job.stage,
        method=anchored(job.method),
        options=job.options,
        items=items,
        train=job.part,
        answers=job.predicts,
        weak=_weak(job, store),
        teachers=_teachers(job, store),
        states=looks.get("states", {}),
        prior=looks.get("prior", {}),
        gold=_budget(job, store, items[BUDGET]) if budget else None,
        held_out=len(items[job.part]) // HELD_OUT if given.get(VALIDATION) == "held-out" else 0,
        device=device,
    )


def _look(
    job: FitJob | UntrainedJob, read: Read, device: str, look: Any, parts: tuple[str, ...], max_length: int
) -> FitRequest:
    return FitRequest(
        title=job.title,
        domain=job.domain,
        model=anchored_model(job.model),
        shape=shape_of(job, max_length),
        seed=job.seed,
        training={},
        items={part: read(job.split, part) for part in parts},
        answers=parts,
        device=device,
        look=look,
    )


def _parts(job: FitJob) -> Iterable[str]:
    """Parts whose items a student needs: to train, to answer, to read before, to select by."""
    read = LANGUAGE_PARTS if job.stage else ()
    return dict.fromkeys((job.part, *job.predicts, *read, *_selects(job)))


def _selects(job: FitJob) -> tuple[str, ...]:
    return (VALIDATION,) if job.given.get(VALIDATION) == "own" else ()


def _weak(job: FitJob, store: Store) -> dict[str, NDArray[np.float32]]:
    found = {job.part: weak_labels(job, store)}
    for part in _selects(job):
        found[part] = store.open("fit", str(job.labels)).arrays(part)["probabilities"]
    return found


def _teachers(job: FitJob, store: Store) -> NDArray[np.float32] | None:
    """Labels of several teachers ``[K, N, O]``."""
    keys = job.given.get("teachers")
    if not keys:
        return None
    return np.stack([store.open("fit", key).arrays(job.part)["probabilities"] for key in keys])


def _arrays(store: Store, kind: str, key: str, job: FitJob) -> dict[str, NDArray[np.float32]]:
    artifact = store.open(kind, key)
    return {part: artifact.arrays(part)["values"] for part in artifact.names() if part in {*_parts(job)}}


def _budget(job: FitJob, store: Store, items: list[Item]) -> NDArray[np.float32]:
    """Gold of the first items of the teacher half ``[n, O]``: the one place where a method is given any."""
    gold = load_gold(store, job.split, "teacher")[: len(items)]
    return one_hot(gold, max(len(i.options) for i in items))


def keep(store: Store, job: FitJob | UntrainedJob, result: FitResult) -> None:
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
