"""The search: rounds of trials of several methods at once, run as one plan over the development tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import optuna

from w2s_bench.errors import BadSuite, UserError
from w2s_bench.method import load_method
from w2s_bench.plan.job import Job
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.records import CellRecord
from w2s_bench.run.executors import InlineExecutor, LocalExecutor
from w2s_bench.run.scheduler import marked, run_plan
from w2s_bench.run.score import collect
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.local import Store
from w2s_bench.store.remote import store_at
from w2s_bench.suite import MethodUse, Suite
from w2s_bench.tuning.record import TrialRecord, Tuned
from w2s_bench.tuning.search_space import Axis, axes
from w2s_bench.tuning.selection import Judged, judge, lead, mean_score

VALIDATION = "validation"
JUDGE = "bow-teacher"  # the reference row with the second teacher
OnRound = Callable[[Plan, list[Job]], None]
OnDone = Callable[[Job], None]
Place = tuple[str, str, str, int]  # task, teacher, student, seed
ByTask = dict[str, list[Judged]]  # a task's cells, one a seed


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """Trials of each method, the first with its own defaults.

    ``batch`` trials are drawn at a time, so that the search does not depend on the number of workers.
    """

    trials: int = 12
    batch: int = 4
    seed: int = 0


@dataclass(slots=True)
class _Search:
    """The state of one method's search."""

    method: str
    space: list[Axis]
    study: optuna.Study
    open: list[optuna.Trial] = field(default_factory=list)
    trials: list[TrialRecord] = field(default_factory=list)
    judged: list[ByTask] = field(default_factory=list)

    def ask(self, count: int) -> list[MethodUse]:
        """The next trials as uses of the method, labelled by their numbers."""
        self.open = [self.study.ask() for _ in range(count)]
        label = f"{Path(self.method).name} trial {{}}".format
        return [
            MethodUse(name=self.method, label=label(t.number), **{a.name: a.suggest(t) for a in self.space})
            for t in self.open
        ]

    def tell(self, uses: list[MethodUse], scored: dict[str, tuple[TrialRecord, ByTask]]) -> None:
        """Pass the results of the open trials to the sampler, and note them."""
        for trial, use in zip(self.open, uses, strict=True):
            record, judged = scored[str(use.label)]
            self.trials.append(record)
            self.judged.append(judged)
            if record.score is None:
                self.study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                self.study.tell(trial, record.score)


def tune(
    methods: Sequence[str],
    suite: Suite,
    settings: RunSettings,
    workers: int,
    budget: Budget | None = None,
    on_round: OnRound = lambda plan, jobs: None,
    on_done: OnDone = lambda job: None,
) -> list[Tuned]:
    """Search the options of each method on the suite's development tasks.

    ``workers`` jobs run at a time; with 0, one after another in this process.
    Errors: UserError for a method without options to search; BadSuite for a suite without development tasks
    or without weak-labelled validation on them.
    """
    budget = budget or Budget()
    part = development_part(suite)
    searches = [_begin(method, budget) for method in methods]
    for start in range(0, budget.trials, budget.batch):
        count = min(budget.batch, budget.trials - start)
        uses = {s.method: s.ask(count) for s in searches}
        scored = _run(part, [u for own in uses.values() for u in own], settings, workers, on_round, on_done)
        for s in searches:
            s.tell(uses[s.method], scored)
    return [_end(s, part, budget) for s in searches]


def development_part(suite: Suite) -> Suite:
    """The grids of the development tasks alone, without any method. Errors: BadSuite."""
    grids = []
    for grid in suite.grid:
        tasks = [t for t in grid.tasks if t in suite.development]
        if tasks and grid.data.validation == 0:
            raise BadSuite(
                f"no weak-labelled validation is drawn on {tasks[0]}",
                where=f"suite {suite.name}",
                expected="data.validation above 0 on development tasks",
                mend="set it, or tune on another suite: w2s-bench tune METHOD --suite tuning",
            )
        if tasks:
            grids.append(grid.model_copy(update={"tasks": tasks, "methods": None, "references": None}))
    if not grids:
        raise BadSuite(
            "it marks no development task",
            where=f"suite {suite.name}",
            expected='development = ["pack/task", …]',
            mend="options are never chosen on held-out tasks; take another suite: --suite tuning",
        )
    return suite.model_copy(update={"grid": grids, "methods": [], "references": [JUDGE]})


def _begin(name: str, budget: Budget) -> _Search:
    method = load_method(name)
    space = axes(type(method).Options)
    if not space:
        raise UserError("has no option that can be searched", where=f"method {name}")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=budget.seed, n_startup_trials=budget.trials // 2)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    defaults = method.options.model_dump(mode="json")
    study.enqueue_trial({a.name: defaults[a.name] for a in space})
    return _Search(name, space, study)


def _run(
    part: Suite,
    uses: list[MethodUse],
    settings: RunSettings,
    workers: int,
    on_round: OnRound,
    on_done: OnDone,
) -> dict[str, tuple[TrialRecord, ByTask]]:
    """Fit all trials of a round and score each; results are by label."""
    plan = make_plan(part.model_copy(update={"methods": uses}), settings.hub, asked=(VALIDATION,))
    store = store_at(settings.store_place)
    missing = plan.to_run(store)
    on_round(plan, missing)
    slots = min(workers, len(missing))
    tally = run_plan(plan, LocalExecutor(slots) if slots else InlineExecutor(), settings, on_done)
    cells = marked(plan.cells, tally.reasons)
    accuracy = {s.record.key: s.record.accuracy for s in collect(plan, store)}
    judges = {_place(c): c.teacher_key for c in cells if c.method == JUDGE}
    return {
        str(use.label): _judged(use, [c for c in cells if c.method == use.label], judges, store, accuracy)
        for use in uses
    }


def _judged(
    use: MethodUse,
    cells: list[CellRecord],
    judges: dict[Place, str],
    store: Store,
    accuracy: dict[str, float],
) -> tuple[TrialRecord, ByTask]:
    options = load_method(use.name, use.options).options.model_dump(mode="json")
    failed = next((c.failed for c in cells if c.failed is not None), None)
    if failed is not None:
        return TrialRecord(options=options, by_task={}, failed=failed), {}
    judged: ByTask = {}
    rows: dict[str, list[list[float]]] = {}
    for c in cells:
        keys = (c.student_key, judges[_place(c)], c.teacher_key)
        cell = judge(*(store.open("fit", key).arrays(VALIDATION)["probabilities"] for key in keys))
        judged.setdefault(c.task, []).append(cell)
        rows.setdefault(c.task, []).append([cell.score, cell.agreement, accuracy[c.student_key]])
    by_task = {task: np.mean(values, axis=0).round(5).tolist() for task, values in rows.items()}
    score, agreement, right = np.mean(list(by_task.values()), axis=0).round(5).tolist()
    means = {"score": score, "agreement": agreement, "accuracy": right}
    return TrialRecord(options=options, by_task=by_task, **means), judged


def _place(cell: CellRecord) -> Place:
    return cell.task, cell.teacher, cell.student, cell.seed


def _end(search: _Search, part: Suite, budget: Budget) -> Tuned:
    """Choose the best trial, or the first where the best is not clearly above it."""
    done = [i for i, t in enumerate(search.trials) if t.score is not None]
    if not done:
        raise UserError(
            f"every trial failed; the first: {search.trials[0].failed}", where=f"method {search.method}"
        )
    best, first = max(done, key=lambda i: (mean_score(search.judged[i]), -i)), done[0]
    ahead, others = lead(search.judged[best], search.judged[first]), len(done) - 1
    chosen = best if ahead.clear(others) else first
    return Tuned(
        method=search.method,
        suite=part.name,
        suite_hash=part.hash,
        tasks=[t for g in part.grid for t in g.tasks],
        seeds=part.seeds,
        budget=budget.trials,
        sampler_seed=budget.seed,
        searched=[a.name for a in search.space],
        trials=search.trials,
        chosen=search.trials[chosen].options,
        lead=round(ahead.value, 5),
        needed=round(ahead.needed(others), 5),
    )
