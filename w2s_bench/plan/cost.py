"""Estimate run time from finished fits of the same task and model, else from model size."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache

from w2s_bench.model import model_size
from w2s_bench.plan.job import FitJob, Job
from w2s_bench.plan.plan import Plan
from w2s_bench.registry.items import held
from w2s_bench.store.local import Store

TOKENS = 64  # assumed tokens of an example: the estimate is good to an order of magnitude
FLOPS = {"cpu": 4e9, "cuda": 4e13, "mps": 1e12}  # operations a second that a worker sustains
OVERHEAD = 2.0  # seconds a job, for building the model, tokenizing and writing


@held()
def estimate(plan: Plan, missing: Collection[Job], store: Store, device: str, workers: int) -> float:
    """Seconds that the missing jobs of a plan take if all workers stay busy."""
    known = _known(plan, {job.key for job in missing}, store)
    size = cache(model_size)
    return sum(_seconds(job, known, device, size) for job in missing) / max(workers, 1)


def _known(plan: Plan, missing: set[str], store: Store) -> dict[tuple[str, str], float]:
    """Seconds of the last finished fit of this plan, by task and model."""
    times = {}
    for job in plan.jobs.values():
        if isinstance(job, FitJob) and not job.untrained and job.key not in missing:
            times[job.task, job.model] = float(store.open("fit", job.key).json("timing")["seconds"])
    return times


def _seconds(
    job: Job, known: dict[tuple[str, str], float], device: str, size_of: Callable[[str], int | None]
) -> float:
    if not isinstance(job, FitJob) or job.untrained:
        return OVERHEAD
    if (job.task, job.model) in known:
        return known[job.task, job.model]
    size = size_of(job.model) or 1_000_000_000
    trained = job.data.transfer * job.training["epochs"] * 6
    answered = job.data.test + job.data.companion * len(job.companions)
    predicted = (answered + job.data.transfer + job.data.validation) * 2
    flops = FLOPS.get(device.partition(":")[0], FLOPS["cpu"])
    return OVERHEAD + size * TOKENS * (trained + predicted) / flops
