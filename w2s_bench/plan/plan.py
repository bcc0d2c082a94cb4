"""A suite becomes jobs in an order that can run: teachers and ceilings once, students once each.

T teachers, S student sizes and M methods cost T + S + T·S·M fits a seed and task; pairs whose student
is not the larger model are left out, and fits that two methods share are planned once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from w2s_bench.data.splits import hop
from w2s_bench.errors import UserError
from w2s_bench.method import LADDER, UNLABELED, Method, load_method, method_fingerprint
from w2s_bench.model import (
    answers_untrained,
    check_model,
    generates,
    model_fingerprint,
    untrained_model,
)
from w2s_bench.plan.companions import check_trainable, companion_prints
from w2s_bench.plan.job import ASKED_LENGTH, FitJob, Job, SplitJob, UntrainedJob, kinds
from w2s_bench.plan.method_inputs import NotOffered, given_of, variants
from w2s_bench.plan.reference_rows import BOW_TEACHER, PLANNED
from w2s_bench.records import CellRecord, Role
from w2s_bench.registry.items import held
from w2s_bench.store.local import Store
from w2s_bench.suite import Grid, MethodUse, ModelUse, Reference, Several, Suite
from w2s_bench.task import Task, fingerprint, load_task
from w2s_bench.train.hidden_states import HIDDEN_VERSION

PLAIN = "naive"  # how a fit on gold labels trains


@dataclass(frozen=True, slots=True)
class Plan:
    """Jobs by key, each after those it needs, and the cells that join three of them."""

    jobs: dict[str, Job]
    cells: list[CellRecord]
    shared: dict[str, int] = field(default_factory=dict)  # how many cells use a fit

    def to_run(self, store: Store) -> list[Job]:
        """The jobs that are not finished."""
        there = store.glance()
        return [job for job in self.jobs.values() if not finished(job, there)]


def finished(job: Job, store: Store) -> bool:
    """Whether the store holds the whole result of a job."""
    if not all(store.has(kind, job.key) for kind in kinds(job)):
        return False
    if not isinstance(job, FitJob) or not (job.asked or (job.labels_others and job.labels)):
        return True
    return set(job.predicts) <= set(store.open("fit", job.key).names())


@held()
def make_plan(suite: Suite, mirror: Path | None, asked: tuple[str, ...] = ()) -> Plan:
    """Plan a suite, in which students answer the ``asked`` parts beside the test set.

    Errors (UserError) for whatever it names that does not exist or does not fit.
    """
    plan = Plan({}, [])
    methods, gold = _ways(suite.methods), _plain(PLAIN)
    rows = {reference: _way(MethodUse(name=reference), False) for reference in suite.references}
    for grid in suite.grid:
        models = {use.name: model_fingerprint(use.name) for use in grid.models}
        recipes = {use.name: use.training(grid.training).for_key() for use in grid.models}
        for name in grid.tasks:
            task = load_task(name)
            check_trainable(name, task)
            for model in models:
                check_model(model, task.card.domain)
            prints = fingerprint(name, task, mirror)
            companions = companion_prints(task, grid.data, mirror)
            for seed in suite.seeds:
                split = SplitJob(
                    task=name, fingerprint=prints, data=grid.data, seed=seed, companions=companions
                )
                key = _add(plan, split).key
                block = GridPlanner(plan, grid, models, recipes, task, name, key, seed, tuple(companions))
                ways = [w for w in methods if _runs(w, grid)]
                block.fill([*ways, *(rows[r] for r in suite.references_of(grid))], gold)
    _mark_rungs(plan)
    _ask(plan, asked)
    return plan


def _mark_rungs(plan: Plan) -> None:
    """Tell the fits whose labels other fits of the plan are trained on."""
    wanted = {job.labels for job in plan.jobs.values() if isinstance(job, FitJob)}
    for key, job in plan.jobs.items():
        if isinstance(job, FitJob) and key in wanted:
            plan.jobs[key] = replace(job, labels_others=True)


def _ask(plan: Plan, parts: tuple[str, ...]) -> None:
    """Tell the students of cells which further parts they are to answer."""
    for key in {cell.student_key for cell in plan.cells} if parts else ():
        job = plan.jobs.get(key)
        if isinstance(job, FitJob) and job.role == "student":
            plan.jobs[key] = replace(job, asked=parts)


def _runs(way: MethodPlan, grid: Grid) -> bool:
    return grid.methods is None or way.label in grid.methods or way.name in grid.methods


@dataclass(frozen=True, slots=True)
class FitRecipe:
    """How a single fit trains: a method's name, fingerprint and options, and the method itself."""

    name: str
    fingerprint: str
    options: dict[str, Any]
    method: Method


@dataclass(frozen=True, slots=True)
class MethodPlan:
    """A method as the suite uses it: what tables call it, and how each fit of it trains."""

    label: str
    name: str
    method: Method
    fit: FitRecipe
    stage: dict[str, Any] = field(default_factory=dict)  # language modelling before every fit

    @property
    def climbs(self) -> bool:
        """Whether it hands labels upwards through the rungs."""
        return LADDER in self.method.inputs

    @property
    def reference(self) -> Reference | None:
        """The row that is planned from other fits instead of a fit of its own, if it is one."""
        return next((r for r in PLANNED if r == self.name), None)


def _ways(uses: list[MethodUse]) -> list[MethodPlan]:
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


def _way(use: MethodUse, repeated: bool) -> MethodPlan:
    """With its options in the label where the same method stands twice."""
    method = load_method(use.name, use.options)
    told = ", ".join(f"{k}={v}" for k, v in use.options.items())
    label = use.label or (f"{use.name} ({told})" if repeated and told else use.name)
    fit = _fit_of(use.name, method) if method.fits_as is None else _plain(method.fits_as)
    return MethodPlan(label, use.name, method, fit, method.stage() if UNLABELED in method.inputs else {})


def _fit_of(name: str, method: Method) -> FitRecipe:
    return FitRecipe(name, method_fingerprint(name, method), method.options.model_dump(mode="json"), method)


def _plain(name: str) -> FitRecipe:
    """A method with its default options."""
    return _fit_of(name, load_method(name))


def _add(plan: Plan, job: Job) -> Job:
    return plan.jobs.setdefault(job.key, job)


@dataclass(frozen=True, slots=True)
class GridPlanner:
    """One task at one seed of one grid."""

    plan: Plan
    grid: Grid
    models: dict[str, str]  # fingerprint of each
    recipes: dict[str, dict[str, Any]]  # training settings of each, as in keys
    task: Task
    name: str
    split: str
    seed: int
    companions: tuple[str, ...] = ()

    def fill(self, ways: list[MethodPlan], gold: FitRecipe) -> None:
        """Plan teachers, ceilings, students, reference rows and the cells that join them."""
        for teacher, student in self.grid.pairs:
            plain = self._ends(teacher, student, gold, ({}, {}))
            for way in {w.label: w for w in ways}.values():
                stages = self._stage(teacher, way), self._stage(student, way)
                if way.stage and not any(stages):
                    continue  # neither model has a language-model loss: it would be naive under another name
                ends = self._ends(teacher, student, gold, stages) if any(stages) else plain
                if way.reference is not None:
                    self._planned(way, way.reference, teacher, student, ends, gold)
                    continue
                try:
                    found, failed = self._student(ends[0], teacher, student, way, gold), None
                except NotOffered as error:
                    found, failed = "", f"asks for what the suite does not offer: {error}"
                self._cell(way, teacher, student, (ends[0], found, ends[1]), failed)

    def _planned(
        self,
        way: MethodPlan,
        reference: Reference,
        teacher: str,
        student: str,
        ends: tuple[str, str],
        gold: FitRecipe,
    ) -> None:
        """The cell of a row that is made of other fits."""
        labels = self._bow(gold) if reference == "bow-teacher" else ends[0]
        found = self._reference(reference, teacher, student, labels, gold)
        if reference == "ceiling":
            found = ends[1]
        if found is not None:
            self._cell(way, teacher, student, (labels, found, ends[1]))

    def _bow(self, gold: FitRecipe) -> str:
        """Key of the fit of the teacher that has learnt nothing before."""
        return self._fit("teacher", BOW_TEACHER.name, "teacher", None, gold, use=BOW_TEACHER)

    def _ends(
        self, teacher: str, student: str, gold: FitRecipe, stages: tuple[dict[str, Any], dict[str, Any]]
    ) -> tuple[str, str]:
        """Keys of the teacher's fit and of the ceiling's."""
        return (
            self._fit("teacher", teacher, "teacher", None, gold, stage=stages[0]),
            self._fit("ceiling", student, "transfer", None, gold, stage=stages[1]),
        )

    def _stage(self, model: str, way: MethodPlan) -> dict[str, Any]:
        """The language-model stage of a model under a method; none where the model has no such loss."""
        return way.stage if way.stage and generates(model, self.task.card.domain) else {}

    def _student(self, labels: str, teacher: str, student: str, way: MethodPlan, gold: FitRecipe) -> str:
        """Key of the student's fit, after the fits of the rungs below it where the method climbs."""
        rungs = self.grid.rungs(teacher, student) if way.climbs else []
        steps = [(r, hop(i) if i <= self.grid.data.hops else "transfer") for i, r in enumerate(rungs, 1)]
        for model, part in (*steps, (student, "transfer")):
            stage, given = self._stage(model, way), self._given(teacher, model, way, gold)
            labels = self._fit("student", model, part, labels, way.fit, stage=stage, given=given)
        return labels

    def _given(self, teacher: str, model: str, way: MethodPlan, gold: FitRecipe) -> dict[str, Any]:
        """What the method of a fit is given beyond weak labels. Errors: NotOffered."""

        def one(name: str, variant: dict[str, Any]) -> str:
            stage = self._stage(name, way)
            return self._fit("teacher", name, "teacher", None, gold, stage=stage, variant=variant)

        def teachers(chosen: Several) -> list[str]:
            if chosen.kind == "sizes":
                names = [m.name for m in self.grid.models]
                return [one(name, {}) for name in names[: names.index(model)][-chosen.count :]]
            return [one(teacher, variant) for variant in variants(chosen)]

        return given_of(way.fit.method, self.grid, teachers, lambda kind: self._look(kind, model))

    def _look(self, kind: Literal["states", "prior"], model: str) -> str:
        """Key of the job that looks at an untrained model. Errors: NotOffered if it does not answer."""
        ask, length = None, self.grid.training.max_length
        if kind == "prior":
            ask, length = self._ask(model), ASKED_LENGTH
            if ask is None:
                raise NotOffered(f"{model} has no answer before any finetuning")
        look = UntrainedJob(
            kind=kind,
            domain=self.task.card.domain,
            task=self.name,
            split=self.split,
            model=model,
            model_fingerprint=self._fingerprint(model),
            seed=self.seed,
            data=self.grid.data,
            max_length=length,
            version=HIDDEN_VERSION,
            ask=ask,
            companions=self.companions,
        )
        return _add(self.plan, look).key

    def _reference(
        self, reference: Reference, teacher: str, student: str, labels: str, gold: FitRecipe
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

    def _zero_shot(self, model: str, gold: FitRecipe) -> str | None:
        ask = self._ask(model)
        return None if ask is None else self._fit("reference", model, "test", None, gold, ask=ask)

    def _ask(self, model: str) -> dict[str, Any] | None:
        """How a model is asked without finetuning; None where it cannot be."""
        domain, ask = self.task.card.domain, self.task.ask
        if not answers_untrained(model, domain) or (domain != "chess" and ask is None):
            return None
        return asdict(ask) if ask else {"question": ""}

    def _cell(
        self,
        way: MethodPlan,
        teacher: str,
        student: str,
        keys: tuple[str, str, str],
        failed: str | None = None,
    ) -> None:
        reference = way.method.kind != "method"
        self.plan.cells.append(
            CellRecord(
                domain=self.task.card.domain,
                task=self.name,
                method=way.label,
                options={} if reference else way.method.options.model_dump(mode="json"),
                reference=reference,
                teacher=teacher,
                student=student,
                seed=self.seed,
                teacher_key=keys[0],
                student_key=keys[1],
                ceiling_key=keys[2],
                uses_gold=way.method.uses_gold,
                failed=failed,
            )
        )
        for key in filter(None, keys):
            self.plan.shared[key] = self.plan.shared.get(key, 0) + 1

    def _fit(
        self,
        role: Role,
        model: str,
        part: str,
        labels: str | None,
        how: FitRecipe,
        *,
        use: ModelUse | None = None,
        **special: Any,
    ) -> str:
        """Key of a fit; ``use`` has the training settings it takes, if not its model's own."""
        training = use.training(self.grid.training).for_key() if use else self._recipe(model)
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
                companions=self.companions,
                **special,
            ),
        ).key

    def _recipe(self, model: str) -> dict[str, Any]:
        known = self.recipes.get(model)  # untrained twins of models that the grid names have none here
        return known or self.grid.use(model).training(self.grid.training).for_key()

    def _fingerprint(self, model: str) -> str:
        if model not in self.models:  # untrained twins of models that the grid names
            self.models[model] = model_fingerprint(model)
        return self.models[model]
