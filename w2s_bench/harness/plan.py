"""A suite becomes jobs in an order that can run: teachers and ceilings once, students once each.

T teachers, S student sizes and M methods cost T + S + T·S·M fits a seed and task; pairs whose student
is not the larger model are left out, and fits that two methods share are planned once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from w2s_bench.errors import UserError
from w2s_bench.harness.job import FitJob, Job, SplitJob
from w2s_bench.method import LADDER, Method, load_method, method_fingerprint
from w2s_bench.model import check_model, model_fingerprint
from w2s_bench.records import CellRecord, Role
from w2s_bench.splits import hop
from w2s_bench.store import Store
from w2s_bench.suite import Grid, MethodUse, Suite
from w2s_bench.task import Task, fingerprint, load_task

PLAIN = "naive"  # how a fit on gold labels trains


@dataclass(frozen=True, slots=True)
class Plan:
    """Jobs by key, each after those it needs, and the cells that join three of them."""

    jobs: dict[str, Job]
    cells: list[CellRecord]
    shared: dict[str, int] = field(default_factory=dict)  # how many cells use a fit

    def to_run(self, store: Store) -> list[Job]:
        """The jobs that are not finished."""
        return [job for job in self.jobs.values() if not finished(job, store)]


def finished(job: Job, store: Store) -> bool:
    """Whether the store holds the whole result of a job."""
    kinds = ("gold", "items") if isinstance(job, SplitJob) else ("fit",)
    return all(store.has(kind, job.key) for kind in kinds)


def make_plan(suite: Suite, mirror: Path | None) -> Plan:
    """Plan a suite. Errors (UserError) for whatever it names that does not exist or does not fit."""
    plan = Plan({}, [])
    methods, gold = _ways(suite.methods), _plain(PLAIN)
    for grid in suite.grid:
        models = {use.name: model_fingerprint(use.name) for use in grid.models}
        for name in grid.tasks:
            task = load_task(name)
            for model in models:
                check_model(model, task.card.domain)
            prints = fingerprint(name, task, mirror)
            for seed in suite.seeds:
                split = SplitJob(task=name, fingerprint=prints, data=grid.data, seed=seed)
                _Block(plan, grid, models, task, name, _add(plan, split).key, seed).fill(methods, gold)
    return plan


@dataclass(frozen=True, slots=True)
class _How:
    """How a single fit trains: a method's name, fingerprint and options."""

    name: str
    fingerprint: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Way:
    """A method as the suite uses it: what tables call it, whether it climbs, how each fit of it trains."""

    label: str
    options: dict[str, Any]
    climbs: bool
    fit: _How


def _ways(uses: list[MethodUse]) -> list[_Way]:
    names = [u.name for u in uses]
    ways = [_way(use, names.count(use.name) > 1) for use in uses]
    labels = [w.label for w in ways]
    if len(set(labels)) != len(labels):
        raise UserError(
            "two methods have the same name in the table",
            where="suite, key 'methods'",
            mend="remove one of them, or give it a label of its own",
        )
    return ways


def _way(use: MethodUse, repeated: bool) -> _Way:
    """With its options in the label where the same method stands twice."""
    method = load_method(use.name, use.options)
    options = ", ".join(f"{k}={v}" for k, v in use.options.items())
    label = use.label or (f"{use.name} ({options})" if repeated and options else use.name)
    fit = _fit_of(use.name, method) if method.fits_as is None else _plain(method.fits_as)
    return _Way(label, method.options.model_dump(mode="json"), LADDER in method.inputs, fit)


def _fit_of(name: str, method: Method) -> _How:
    return _How(name, method_fingerprint(name, method), method.options.model_dump(mode="json"))


def _plain(name: str) -> _How:
    """A method with its default options."""
    return _fit_of(name, load_method(name))


def _add(plan: Plan, job: Job) -> Job:
    return plan.jobs.setdefault(job.key, job)


@dataclass(frozen=True, slots=True)
class _Block:
    """One task at one seed of one grid."""

    plan: Plan
    grid: Grid
    models: dict[str, str]  # fingerprint of each
    task: Task
    name: str
    split: str
    seed: int

    def fill(self, ways: list[_Way], gold: _How) -> None:
        """Plan teachers, ceilings, students and the cells that join them."""
        teachers = {t: self._fit("teacher", t, "teacher", None, gold) for t, _ in self.grid.pairs}
        ceilings = {s: self._fit("ceiling", s, "transfer", None, gold) for _, s in self.grid.pairs}
        for teacher, student in self.grid.pairs:
            for way in ways:
                key = self._student(teachers[teacher], teacher, student, way)
                self._cell(way, teacher, student, (teachers[teacher], key, ceilings[student]))

    def _student(self, labels: str, teacher: str, student: str, way: _Way) -> str:
        """Key of the student's fit, after the fits of the rungs below it where the method climbs."""
        rungs = self.grid.rungs(teacher, student) if way.climbs else []
        for i, rung in enumerate(rungs, 1):
            part = hop(i) if i <= self.grid.data.hops else "transfer"
            labels = self._fit("student", rung, part, labels, way.fit)
        return self._fit("student", student, "transfer", labels, way.fit)

    def _cell(self, way: _Way, teacher: str, student: str, keys: tuple[str, str, str]) -> None:
        self.plan.cells.append(
            CellRecord(
                domain=self.task.card.domain,
                task=self.name,
                method=way.label,
                options=way.options,
                teacher=teacher,
                student=student,
                seed=self.seed,
                teacher_key=keys[0],
                student_key=keys[1],
                ceiling_key=keys[2],
            )
        )
        for key in keys:
            self.plan.shared[key] = self.plan.shared.get(key, 0) + 1

    def _fit(self, role: Role, model: str, part: str, labels: str | None, how: _How) -> str:
        training = self.grid.use(model).training(self.grid.training)
        return _add(
            self.plan,
            FitJob(
                role=role,
                domain=self.task.card.domain,
                task=self.name,
                task_version=self.task.card.version,
                split=self.split,
                part=part,
                labels=labels,
                model=model,
                model_fingerprint=self.models[model],
                method=how.name,
                method_fingerprint=how.fingerprint,
                training=training.model_dump(),
                seed=self.seed,
                data=self.grid.data,
                options=how.options,
            ),
        ).key
