"""Plan the fits and cells of one task at one seed: every pair of a grid's models with every method."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

from w2s_bench.data.splits import hop
from w2s_bench.method import GOLD_BUDGET
from w2s_bench.model import answers_untrained, generates, model_fingerprint, untrained_model
from w2s_bench.plan.job import PRIOR_LENGTH, FitJob, Job, UntrainedJob
from w2s_bench.plan.method_inputs import NotOffered, input_keys, teacher_variants
from w2s_bench.plan.method_plan import FitRecipe, MethodPlan
from w2s_bench.plan.reference_rows import BOW_TEACHER
from w2s_bench.records import CellRecord, Role
from w2s_bench.suite import Grid, ModelUse, Reference, Several
from w2s_bench.task import Task
from w2s_bench.train.untrained import HIDDEN_VERSION


@dataclass(frozen=True, slots=True)
class Pair:
    """A teacher and a student, with the keys of the teacher's fit and of the student's ceiling."""

    teacher: str
    student: str
    teacher_key: str
    ceiling_key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GridPlanner:
    """Adds the jobs and cells of a grid on one split to ``jobs`` and ``cells``.

    ``gold``: the recipe of fits on gold labels. ``models``: fingerprints by name. ``training``: settings by
    model, as they enter keys.
    """

    jobs: dict[str, Job]
    cells: list[CellRecord]
    grid: Grid
    gold: FitRecipe
    models: dict[str, str]
    training: dict[str, dict[str, Any]]
    task: Task
    name: str
    split: str
    seed: int
    companions: tuple[str, ...]

    def fill(self, methods: list[MethodPlan]) -> None:
        """Plan teachers, ceilings, students and reference rows, and the cells that join them."""
        by_label = {method.label: method for method in methods}
        for teacher, student in self.grid.pairs:
            plain = self._pair(teacher, student)
            for method in by_label.values():
                stages = self._stage(teacher, method), self._stage(student, method)
                if method.stage and not any(stages):
                    continue  # neither model has a language-model loss: it would be naive under another name
                pair = self._pair(teacher, student, *stages) if any(stages) else plain
                if method.reference is None:
                    self._plan_method(method, pair)
                else:
                    self._plan_reference(method, method.reference, pair)

    def _pair(self, teacher: str, student: str, *stages: dict[str, Any]) -> Pair:
        """Plan the fits on gold labels: the teacher's and the student's ceiling, each with its stage."""
        below, above = stages or ({}, {})
        teacher_key = self._fit("teacher", teacher, "teacher", None, self.gold, stage=below)
        ceiling_key = self._fit("ceiling", student, "transfer", None, self.gold, stage=above)
        return Pair(teacher, student, teacher_key, ceiling_key)

    def _stage(self, model: str, method: MethodPlan) -> dict[str, Any]:
        """The language-model stage of a model under a method; empty for models without such a loss."""
        return method.stage if method.stage and generates(model, self.task.card.domain) else {}

    def _plan_method(self, method: MethodPlan, pair: Pair) -> None:
        domain = self.task.card.domain
        if domain not in method.recipe.method.domains:
            self._add_cell(method, pair, "", f"is not defined for {domain} tasks: see its card")
            return
        try:
            key, failed = self._student(method, pair), None
        except NotOffered as error:
            key, failed = "", f"asks for what the suite does not offer: {error}"
        self._add_cell(method, pair, key, failed)

    def _student(self, method: MethodPlan, pair: Pair) -> str:
        """Key of the student's fit, after the intermediate fits of a method that climbs."""
        rungs = self.grid.rungs(pair.teacher, pair.student) if method.climbs else []
        steps = [(r, hop(i) if i <= self.grid.data.hops else "transfer") for i, r in enumerate(rungs, 1)]
        labels = pair.teacher_key
        for model, part in (*steps, (pair.student, "transfer")):
            stage, given = self._stage(model, method), self._inputs(pair.teacher, model, method)
            labels = self._fit("student", model, part, labels, method.recipe, stage=stage, given=given)
        return labels

    def _inputs(self, teacher: str, model: str, method: MethodPlan) -> dict[str, Any]:
        """Plan the method's inputs beyond weak labels; returns their keys. Errors: NotOffered."""

        def teacher_fit(name: str, variant: dict[str, Any]) -> str:
            stage = self._stage(name, method)
            asked = ("teacher",) if GOLD_BUDGET in method.recipe.method.inputs else ()
            return self._fit(
                "teacher", name, "teacher", None, self.gold, stage=stage, variant=variant, asked=asked
            )

        def teacher_fits(several: Several) -> list[str]:
            if several.kind == "sizes":
                names = [m.name for m in self.grid.models]
                return [teacher_fit(name, {}) for name in names[: names.index(model)][-several.count :]]
            return [teacher_fit(teacher, variant) for variant in teacher_variants(several)]

        return input_keys(method.recipe.method, self.grid, teacher_fits, partial(self._untrained, model))

    def _untrained(self, model: str, kind: Literal["states", "prior"]) -> str:
        """Key of the job that reads an untrained model. Errors: NotOffered for one without answers."""
        ask, length = None, self.grid.training.max_length
        if kind == "prior":
            ask, length = self._question(model), PRIOR_LENGTH
            if ask is None:
                raise NotOffered(f"{model} has no answer before any finetuning")
        return self._add(
            UntrainedJob(kind=kind, max_length=length, version=HIDDEN_VERSION, ask=ask, **self._common(model))
        )

    def _common(self, model: str) -> dict[str, Any]:
        """The fields that jobs of one model share."""
        return {
            "domain": self.task.card.domain,
            "task": self.name,
            "split": self.split,
            "model": model,
            "model_fingerprint": self._fingerprint(model),
            "seed": self.seed,
            "data": self.grid.data,
            "companions": self.companions,
        }

    def _plan_reference(self, method: MethodPlan, reference: Reference, pair: Pair) -> None:
        if reference == "bow-teacher":
            bow = self._fit("teacher", BOW_TEACHER.name, "teacher", None, self.gold, use=BOW_TEACHER)
            pair = replace(pair, teacher_key=bow)
        key = self._reference_fit(reference, pair)
        if key is not None:
            self._add_cell(method, pair, key)

    def _reference_fit(self, reference: Reference, pair: Pair) -> str | None:
        """Key of the fit in the student's place; None if these models have no such row."""
        fit = partial(self._fit, "student", part="transfer", labels=pair.teacher_key, recipe=self.gold)
        if reference == "weak-copy":
            return pair.teacher_key
        if reference == "zero-shot":
            return self._zero_shot(pair.student)
        if reference == "self-training":
            return fit(pair.teacher)
        if reference == "shuffled-labels":
            return fit(pair.student, shuffled=True)
        if reference == "bow-teacher":
            return fit(pair.student)
        name = untrained_model(pair.student)
        random_init = name and fit(name, use=self.grid.use(pair.student))
        # A ceiling row plans the random-init fit too, because plans of published suites always had it.
        return pair.ceiling_key if reference == "ceiling" else random_init

    def _zero_shot(self, model: str) -> str | None:
        ask = self._question(model)
        return None if ask is None else self._fit("reference", model, "test", None, self.gold, ask=ask)

    def _question(self, model: str) -> dict[str, Any] | None:
        """The task's question to an untrained model; None if the model cannot answer it."""
        domain, ask = self.task.card.domain, self.task.ask
        if not answers_untrained(model, domain) or (domain != "chess" and ask is None):
            return None
        return asdict(ask) if ask else {"question": ""}

    def _add_cell(self, method: MethodPlan, pair: Pair, student_key: str, failed: str | None = None) -> None:
        reference = method.method.kind != "method"
        self.cells.append(
            CellRecord(
                domain=self.task.card.domain,
                task=self.name,
                method=method.label,
                options={} if reference else method.method.options.model_dump(mode="json"),
                reference=reference,
                teacher=pair.teacher,
                student=pair.student,
                seed=self.seed,
                teacher_key=pair.teacher_key,
                student_key=student_key,
                ceiling_key=pair.ceiling_key,
                uses_gold=method.method.uses_gold,
                failed=failed,
            )
        )

    def _fit(
        self,
        role: Role,
        model: str,
        part: str,
        labels: str | None,
        recipe: FitRecipe,
        *,
        use: ModelUse | None = None,
        **special: Any,
    ) -> str:
        """Key of a fit. ``use``: other training settings than the model's; ``special``: further fields."""
        training = use.training(self.grid.training).for_key() if use else self._training(model)
        return self._add(
            FitJob(
                role=role,
                task_version=self.task.card.version,
                part=part,
                labels=labels,
                method=recipe.name,
                method_fingerprint=recipe.fingerprint,
                training={} if "ask" in special else training,
                options=recipe.options,
                **self._common(model),
                **special,
            )
        )

    def _add(self, job: Job) -> str:
        """Key of a job, which is planned once and asked for all the parts that any method asks for."""
        known = self.jobs.setdefault(job.key, job)
        if isinstance(job, FitJob) and isinstance(known, FitJob) and not set(job.asked) <= set(known.asked):
            self.jobs[job.key] = replace(known, asked=tuple(dict.fromkeys((*known.asked, *job.asked))))
        return job.key

    def _training(self, model: str) -> dict[str, Any]:
        known = self.training.get(model)  # None for random-init twins
        return known or self.grid.use(model).training(self.grid.training).for_key()

    def _fingerprint(self, model: str) -> str:
        if model not in self.models:  # a random-init twin
            self.models[model] = model_fingerprint(model)
        return self.models[model]
