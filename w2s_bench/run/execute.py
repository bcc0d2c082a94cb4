"""What is done with one job: draw a split, train on gold, or let a student learn from a lesson.

Teachers and ceilings open the gold of the part they train on; no fit opens the gold of the test set.
Whatever runs a method does it from a lesson alone, in a process that opens no store.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_bench.data.splits import draw_split, load_gold, load_items, save_split
from w2s_bench.errors import FitFailed, UserError
from w2s_bench.method import load_method
from w2s_bench.metric import one_hot
from w2s_bench.model import Model, build_model
from w2s_bench.plan.job import FitJob, Job, SplitJob
from w2s_bench.run.checkpoint_store import Unfinished
from w2s_bench.run.fit_io import keep, request_of, shape_of
from w2s_bench.run.input_check import check_unchanged
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.local import Store
from w2s_bench.store.remote import store_at
from w2s_bench.suite import Training
from w2s_bench.task import Item, load_task
from w2s_bench.train.checkpoint import Checkpoint, Diverged
from w2s_bench.train.device import pick
from w2s_bench.train.encoding_cache import encode
from w2s_bench.train.fit import LANGUAGE_PARTS, fit, language_stage, predict
from w2s_bench.train.fit_request import FitResult
from w2s_bench.train.fsdp import first
from w2s_bench.train.lora import adapt, adapter_of, changing
from w2s_bench.train.student import indices, options_of, study
from w2s_bench.train.teacher_variants import chosen_rows, fit_seed


def execute(job: Job, settings: RunSettings) -> str:
    """Run one job here and leave its artifact in the store; returns its key."""
    if job.sees_gold:
        return work_with_gold(job, settings)
    assert not isinstance(job, SplitJob)
    torch.set_num_threads(settings.threads)
    store = store_at(settings.store_place)
    unfinished = Unfinished(settings.store_place, job, settings.checkpoint_every)
    with told_by(job), dropping(unfinished):
        result = study(request_of(job, store, str(pick(settings.device))), unfinished.checkpoint())
        check_unchanged(job, settings.hub)
        keep(store, job, result)
    return job.key


def work_with_gold(job: Job, settings: RunSettings) -> str:
    """Draw a split, or train a teacher or a ceiling; no method of a student runs beside it."""
    torch.set_num_threads(settings.threads)
    store = store_at(settings.store_place)
    with told_by(job):
        if isinstance(job, SplitJob):
            if first():
                drawn = draw_split(load_task(job.task), job.data, job.seed, settings.hub)
                check_unchanged(job, settings.hub)
                save_split(store, job.key, drawn.split, drawn.excluded)
        else:
            assert isinstance(job, FitJob) and job.sees_gold
            with dropping(unfinished := Unfinished(settings.store_place, job, settings.checkpoint_every)):
                result = train_on_gold(job, store, pick(settings.device), unfinished.checkpoint())
                if first():
                    check_unchanged(job, settings.hub)
                    keep(store, job, result)
    return job.key


@contextmanager
def dropping(unfinished: Unfinished) -> Iterator[None]:
    """Forget a job's diary when it is done, or has failed by itself; not where its process was ended."""
    try:
        yield
    except FitFailed:
        unfinished.drop()
        raise
    unfinished.drop()


@contextmanager
def told_by(job: Job) -> Iterator[None]:
    """Give an error without a place the title of the job in which it arose."""
    try:
        yield
    except UserError as error:
        error.where = error.where or job.title
        raise


def gold_labels(job: FitJob, store: Store) -> NDArray[np.float32]:
    """Gold of the part as probabilities ``[N, O]``."""
    items = load_items(store, job.split, job.part)
    return one_hot(load_gold(store, job.split, job.part), max(len(i.options) for i in items))


def train_on_gold(job: FitJob, store: Store, device: torch.device, checkpoint: Checkpoint) -> FitResult:
    """A teacher on the teacher half, or a ceiling on the transfer half: the student's own inputs, only the
    labels differ."""
    try:
        return _train_on_gold(job, store, device, checkpoint)
    except Diverged:
        return _train_on_gold(job, store, device, checkpoint.afresh())


def _train_on_gold(job: FitJob, store: Store, device: torch.device, checkpoint: Checkpoint) -> FitResult:
    clock = time.perf_counter()
    training, seed = Training(**job.training), fit_seed(job.seed, job.variant)
    shape = shape_of(job, training.max_length)
    model = adapt(build_model(job.model, shape, seed), training, seed)
    checkpoint.follow(model, changing(model))
    if job.stage:
        read = [i for part in LANGUAGE_PARTS for i in load_items(store, job.split, part)]
        language_stage(model, encode(model, job.model, read), job.stage, training, seed, device, checkpoint)
    items = load_items(store, job.split, job.part)
    rows = chosen_rows(items, job.variant)
    labels = gold_labels(job, store)[rows]
    encoded = encode(model, job.model, [items[i] for i in rows])
    method = load_method(job.method, job.options)
    checkpoint.remember(method)
    losses = fit(model, encoded, labels, method, training, seed, device, options_of(shape), checkpoint)
    checkpoint.close()
    fitted = time.perf_counter()
    parts = {part: load_items(store, job.split, part) for part in job.predicts}
    return FitResult(
        arrays={
            part: predict(model, encode(model, job.model, found), device) for part, found in parts.items()
        },
        greedy=_greedy(model, parts["test"], device),
        adapter=adapter_of(model, training),
        epoch_loss=tuple(float(np.mean(epoch)) for epoch in losses),
        parameters=model.parameters_count,
        n_train=len(encoded),
        fit_seconds=checkpoint.earlier + fitted - clock,
        seconds=checkpoint.earlier + time.perf_counter() - clock,
    )


def _greedy(model: Model, items: list[Item], device: torch.device) -> NDArray[np.int64] | None:
    answers = model.greedy(items, device)
    return None if answers is None else indices(answers, items)
