"""A suite becomes jobs in an order that can run: teachers and ceilings once, students once each.

T teachers, S student sizes and M methods cost T + S + T·S·M fits a seed and task; pairs whose student
is not the larger model are left out, and fits that two methods share are planned once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from w2s_bench.errors import UserError
from w2s_bench.harness.job import FitJob, Job, SplitJob
from w2s_bench.harness.references import BOW_TEACHER
from w2s_bench.method import LADDER, UNLABELED, Method, load_method, method_fingerprint
from w2s_bench.model import (
    answers_untrained,
    check_model,
    generates,
    model_fingerprint,
    untrained_model,
)
from w2s_bench.records import CellRecord, Role
from w2s_bench.splits import hop
from w2s_bench.store import Store
from w2s_bench.suite import Grid, MethodUse, ModelUse, Reference, Suite
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
                block = _Block(plan, grid, models, task, name, _add(plan, split).key, seed)
                block.fill([w for w in methods if _runs(w, grid)], suite.references_of(grid), gold)
    return plan


def _runs(way: _Way, grid: Grid) -> bool:
    return grid.methods is None or way.label in grid.methods or way.name in grid.methods


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
    name: str
    options: dict[str, Any]
    climbs: bool
    fit: _How
    stage: dict[str, Any] = field(default_factory=dict)  # language modelling before every fit


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
    told = ", ".join(f"{k}={v}" for k, v in use.options.items())
    label = use.label or (f"{use.name} ({told})" if repeated and told else use.name)
    fit = _fit_of(use.name, method) if method.fits_as is None else _plain(method.fits_as)
    options, climbs = method.options.model_dump(mode="json"), LADDER in method.inputs
    return _Way(label, use.name, options, climbs, fit, method.stage() if UNLABELED in method.inputs else {})


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

    def fill(self, ways: list[_Way], references: list[Reference], gold: _How) -> None:
        """Plan teachers, ceilings, students, reference rows and the cells that join them."""
        for teacher, student in self.grid.pairs:
            for way in ways:
                stages = self._stage(teacher, way), self._stage(student, way)
                if way.stage and not any(stages):
                    continue  # neither model has a language-model loss: it would be naive under another name
                keys = self._ends(teacher, student, gold, stages)
                self._cell(
                    way.label,
                    way.options,
                    teacher,
                    student,
                    (keys[0], self._student(keys[0], teacher, student, way), keys[1]),
                )
            for reference in references:
                keys = self._ends(teacher, student, gold, ({}, {}))
                labels = self._bow(gold) if reference == "bow-teacher" else keys[0]
                found = self._reference(reference, teacher, student, labels, gold)
                if found is not None:
                    self._cell(reference, {}, teacher, student, (labels, found, keys[1]), reference=True)

    def _bow(self, gold: _How) -> str:
        """Key of the fit of the teacher that has learnt nothing before."""
        return self._fit("teacher", BOW_TEACHER.name, "teacher", None, gold, use=BOW_TEACHER)

    def _ends(
        self, teacher: str, student: str, gold: _How, stages: tuple[dict[str, Any], dict[str, Any]]
    ) -> tuple[str, str]:
        """Keys of the teacher's fit and of the ceiling's."""
        return (
            self._fit("teacher", teacher, "teacher", None, gold, stage=stages[0]),
            self._fit("ceiling", student, "transfer", None, gold, stage=stages[1]),
        )

    def _stage(self, model: str, way: _Way) -> dict[str, Any]:
        """The language-model stage of a model under a method; none where the model has no such loss."""
        return way.stage if way.stage and generates(model, self.task.card.domain) else {}

    def _student(self, labels: str, teacher: str, student: str, way: _Way) -> str:
        """Key of the student's fit, after the fits of the rungs below it where the method climbs."""
        rungs = self.grid.rungs(teacher, student) if way.climbs else []
        for i, rung in enumerate(rungs, 1):
            part = hop(i) if i <= self.grid.data.hops else "transfer"
            labels = self._fit("student", rung, part, labels, way.fit, stage=self._stage(rung, way))
        return self._fit("student", student, "transfer", labels, way.fit, stage=self._stage(student, way))

    def _reference(
        self, reference: Reference, teacher: str, student: str, labels: str, gold: _How
    ) -> str | None:
        """Key of the fit in the student's place; None where there is no such row for these models."""
        if reference == "weak-copy":
            return labels
        if reference == "zero-shot":
            return self._zero_shot(student, gold)
        if reference == "self-training":
            return self._fit("student", teacher, "transfer", labels, gold)
        if reference == "shuffled-labels":
            return self._fit("student", student, "transfer", labels, gold, shuffled=True)
        if reference == "bow-teacher":
            return self._fit("student", student, "transfer", labels, gold)
        name = untrained_model(student)
        return name and self._fit("student", name, "transfer", labels, gold, use=self.grid.use(student))

    def _zero_shot(self, model: str, gold: _How) -> str | None:
        domain, ask = self.task.card.domain, self.task.ask
        if not answers_untrained(model, domain) or (domain != "chess" and ask is None):
            return None
        asked: dict[str, Any] = asdict(ask) if ask else {"question": ""}
        return self._fit("reference", model, "test", None, gold, ask=asked)

    def _cell(
        self,
        label: str,
        options: dict[str, Any],
        teacher: str,
        student: str,
        keys: tuple[str, str, str],
        *,
        reference: bool = False,
    ) -> None:
        self.plan.cells.append(
            CellRecord(
                domain=self.task.card.domain,
                task=self.name,
                method=label,
                options=options,
                reference=reference,
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

    def _fit(
        self,
        role: Role,
        model: str,
        part: str,
        labels: str | None,
        how: _How,
        *,
        use: ModelUse | None = None,
        **special: Any,
    ) -> str:
        """Key of a fit; ``use`` has the training settings it takes, if not its model's own."""
        training = (use or self.grid.use(model)).training(self.grid.training).model_dump()
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
                model_fingerprint=self._fingerprint(model),
                method=how.name,
                method_fingerprint=how.fingerprint,
                training={} if "ask" in special else training,
                seed=self.seed,
                data=self.grid.data,
                options=how.options,
                **special,
            ),
        ).key

    def _fingerprint(self, model: str) -> str:
        if model not in self.models:  # untrained twins of models that the grid names
            self.models[model] = model_fingerprint(model)
        return self.models[model]
