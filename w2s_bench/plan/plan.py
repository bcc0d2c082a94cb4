"""Turn a suite into jobs in an order that can run, with every fit planned once.

T teachers, S student sizes and M methods cost T + S + T·S·M fits for each seed and task, less those that
methods share and pairs whose student is not the larger model.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from w2s_bench.model import check_model, model_fingerprint
from w2s_bench.plan.companions import check_trainable, companion_fingerprints
from w2s_bench.plan.grid_planner import GridPlanner
from w2s_bench.plan.job import FitJob, Job, SplitJob, artifact_kinds
from w2s_bench.plan.method_plan import PLAIN, FitRecipe, MethodPlan, default_recipe, method_plan, method_plans
from w2s_bench.records import CellRecord
from w2s_bench.registry.items import held
from w2s_bench.store.local import Store
from w2s_bench.suite import Grid, MethodUse, Suite
from w2s_bench.task import fingerprint, load_task


@dataclass(frozen=True, slots=True)
class Plan:
    """Jobs by key, each after the jobs that it needs, and cells, each with three fits."""

    jobs: dict[str, Job]
    cells: list[CellRecord]

    def to_run(self, store: Store) -> list[Job]:
        """The unfinished jobs, in the order of the plan."""
        listing = store.glance()  # one listing instead of one query for each job
        return [job for job in self.jobs.values() if not finished(job, listing)]

    def cells_per_fit(self) -> Counter[str]:
        """How many cells use each fit, by its key."""
        keys = ((c.teacher_key, c.student_key, c.ceiling_key) for c in self.cells)
        return Counter(key for three in keys for key in three if key)


def finished(job: Job, store: Store) -> bool:
    """Whether the store holds a job's result, with predictions on all parts that this plan needs."""
    if not all(store.has(kind, job.key) for kind in artifact_kinds(job)):
        return False
    if not isinstance(job, FitJob) or not (job.asked or (job.labels_others and job.labels)):
        return True  # every run of this job predicts on the same parts
    return set(job.predicts) <= set(store.open("fit", job.key).names())


@held()
def make_plan(suite: Suite, mirror: Path | None, asked: tuple[str, ...] = ()) -> Plan:
    """Plan a suite. ``mirror``: local copy of the hub. ``asked``: further parts that students predict on.

    Errors: UserError for an unknown name, or a model that does not fit a task.
    """
    plan = Plan({}, [])
    methods, gold = method_plans(suite.methods), default_recipe(PLAIN)
    references = {name: method_plan(MethodUse(name=name)) for name in suite.references}
    for grid in suite.grid:
        chosen = [m for m in methods if grid.methods is None or {m.label, m.name} & set(grid.methods)]
        chosen += [references[name] for name in suite.references_of(grid)]
        _plan_grid(plan, grid, suite.seeds, chosen, gold, mirror)
    _mark_label_sources(plan)
    _ask_students(plan, asked)
    return plan


def _plan_grid(
    plan: Plan, grid: Grid, seeds: list[int], methods: list[MethodPlan], gold: FitRecipe, mirror: Path | None
) -> None:
    """Add the splits of a grid, one for each task and seed, with their fits and cells."""
    models = {use.name: model_fingerprint(use.name) for use in grid.models}
    training = {use.name: use.training(grid.training).for_key() for use in grid.models}
    for name in grid.tasks:
        task = load_task(name)
        check_trainable(name, task)
        for model in models:
            check_model(model, task.card.domain)
        task_fingerprint = fingerprint(name, task, mirror)
        companions = companion_fingerprints(task, grid.data, mirror)
        for seed in seeds:
            split = SplitJob(
                task=name, fingerprint=task_fingerprint, data=grid.data, seed=seed, companions=companions
            )
            plan.jobs.setdefault(split.key, split)
            planner = GridPlanner(
                jobs=plan.jobs,
                cells=plan.cells,
                grid=grid,
                gold=gold,
                models=models,
                training=training,
                task=task,
                name=name,
                split=split.key,
                seed=seed,
                companions=tuple(companions),
            )
            planner.fill(methods)


def _mark_label_sources(plan: Plan) -> None:
    """Mark the fits whose predictions are the labels of other fits of the plan."""
    sources = {job.labels for job in plan.jobs.values() if isinstance(job, FitJob)}
    for key, job in plan.jobs.items():
        if isinstance(job, FitJob) and key in sources:
            plan.jobs[key] = replace(job, labels_others=True)


def _ask_students(plan: Plan, parts: tuple[str, ...]) -> None:
    """Ask the students of cells for predictions on further parts."""
    for key in {cell.student_key for cell in plan.cells} if parts else ():
        job = plan.jobs.get(key)
        if isinstance(job, FitJob) and job.role == "student":
            plan.jobs[key] = replace(job, asked=parts)
