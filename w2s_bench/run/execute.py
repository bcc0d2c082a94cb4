"""Run one job: from its request to its artifact in the store.

Teachers and ceilings open the gold labels of the part they train on; no fit opens those of the test set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from w2s_bench.data.splits import draw_split, save_split
from w2s_bench.errors import UserError
from w2s_bench.plan.job import FitJob, Job, SplitJob, UntrainedJob
from w2s_bench.run.checkpoint_store import CheckpointStore
from w2s_bench.run.fit_io import gold_request_of, request_of, save_result
from w2s_bench.run.input_check import check_unchanged
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.remote import store_at
from w2s_bench.task import load_task
from w2s_bench.train.device import pick
from w2s_bench.train.fit import fit
from w2s_bench.train.fit_request import FitRequest, FitResult
from w2s_bench.train.fsdp import first

RunFit = Callable[[FitRequest, CheckpointStore], FitResult]


def execute(job: Job, settings: RunSettings) -> str:
    """Run one job in this process and store its artifact; returns its key."""
    if job.sees_gold:
        return run_with_gold(job, settings)
    assert not isinstance(job, SplitJob)
    torch.set_num_threads(settings.threads)
    with named_errors(job):
        request = request_of(job, store_at(settings.store_place), str(pick(settings.device)))
        run_fit(job, settings, request)
    return job.key


def run_with_gold(job: Job, settings: RunSettings) -> str:
    """Draw a split, or fit a teacher or a ceiling, in a process that runs no student's method.

    If several processes share the job, only the first one writes. Returns the job's key.
    """
    assert job.sees_gold and not isinstance(job, UntrainedJob)
    torch.set_num_threads(settings.threads)
    store = store_at(settings.store_place)
    with named_errors(job):
        if isinstance(job, FitJob):
            run_fit(job, settings, gold_request_of(job, store, str(pick(settings.device))))
        elif first():
            drawn = draw_split(load_task(job.task), job.data, job.seed, settings.hub)
            check_unchanged(job, settings.hub)
            save_split(store, job.key, drawn.split, drawn.excluded)
    return job.key


def fit_here(request: FitRequest, checkpoints: CheckpointStore) -> FitResult:
    """Fit in this process, with checkpoints in the store."""
    return fit(request, checkpoints.checkpoint())


def run_fit(
    job: FitJob | UntrainedJob, settings: RunSettings, request: FitRequest, run: RunFit = fit_here
) -> None:
    """Fit, and save the result unless an input has changed. ``run`` fits here or in another process."""
    checkpoints = CheckpointStore(settings.store_place, job, settings.checkpoint_every)
    with checkpoints.until_done():
        result = run(request, checkpoints)
        if first():
            check_unchanged(job, settings.hub)
            save_result(store_at(settings.store_place), job, result)


@contextmanager
def named_errors(job: Job) -> Iterator[None]:
    """Set ``where`` of an error without one to the title of the job."""
    try:
        yield
    except UserError as error:
        error.where = error.where or job.title
        raise
