"""What a method is given beyond weak labels: jobs that it plans, its entries in keys, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from w2s_bench.data.splits import load_items
from w2s_bench.errors import UserError
from w2s_bench.plan.extra_methods import with_methods
from w2s_bench.plan.job import FitJob, UntrainedJob
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.run.fit_io import chosen_rows, request_of
from w2s_bench.run.scheduler import run_plan
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.local import Store
from w2s_bench.suite import parse_suite

METHOD = '''"""A method that asks."""

from w2s_bench.method import Method, MethodCard


class Mine(Method):
    """Asks, and learns as naive does."""

    card = MethodCard(title="Mine", paper="none", formula="CE")
    inputs = frozenset({inputs})
    teachers_kind = {kind}

    def budget(self):
        return {budget}
'''
SUITE = """
name = "given"
version = 1
seeds = [0]
methods = ["naive", {methods}]
data = {{ teacher = 40, transfer = 40, validation = {validation}, test = 30, hops = {hops} }}
training = {{ epochs = 1, batch_size = 8, max_length = 64 }}
[[grid]]
tasks = ["{task}"]
models = [{models}]
{grid}
"""


def planned(
    folder: Path,
    *inputs: str,
    kind: str | None = None,
    budget: int = 5,
    models: str = '{ name = "bow", learning_rate = 0.05 }, "llama:16x1"',
    grid: str = "",
    validation: int = 10,
    hops: int = 0,
    task: str = "nlp/polarity-generated",
) -> Plan:
    text = METHOD.format(inputs={"weak", *inputs}, kind=repr(kind), budget=budget)
    (folder / "mine.py").write_text(text)
    methods = f'{{ name = "{folder}/mine.py:Mine", label = "mine" }}'
    data = {"validation": validation, "hops": hops}
    suite = SUITE.format(methods=methods, models=models, grid=grid, task=task, **data)
    return make_plan(parse_suite(suite, "given.toml"), None)


def mine(plan: Plan) -> FitJob:
    return next(j for j in plan.jobs.values() if isinstance(j, FitJob) and "mine.py" in j.method)


def failed(plan: Plan) -> list[str]:
    return [c.failed for c in plan.cells if c.failed]


def teachers(plan: Plan) -> list[FitJob]:
    return [j for j in plan.jobs.values() if isinstance(j, FitJob) and j.role == "teacher"]


def test_a_method_of_weak_labels_has_nothing_in_its_key(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    assert mine(plan).given == {} and "given" not in mine(plan).provenance()
    assert not any(isinstance(j, UntrainedJob) for j in plan.jobs.values())


def test_naive_s_jobs_stay_whatever_else_is_asked_for(tmp_path: Path) -> None:
    bare = {k for k, j in planned(tmp_path).jobs.items() if "mine.py" not in getattr(j, "method", "")}
    more = planned(tmp_path, "teachers", "states", "prior", "validation", "tags", "gold-budget")
    assert bare < set(more.jobs)


@pytest.mark.parametrize("kind, count", [(None, 3), ("seeds", 3), ("specialists", 3)])
def test_several_teachers_of_one_model(tmp_path: Path, kind: str | None, count: int) -> None:
    plan = planned(tmp_path, "teachers", kind=kind)
    keys = mine(plan).given["teachers"]
    assert len(keys) == len(set(keys)) == count and set(keys) <= plan.jobs.keys()
    assert set(keys) <= set(mine(plan).needs)
    plain = mine(plan).labels
    assert (keys[0] == plain) == (kind != "specialists"), "the first of other seeds is the plain teacher"
    assert {t.model for t in teachers(plan)} == {"bow"} and all(t.sees_gold for t in teachers(plan))
    assert len({t.key for t in teachers(plan)}) == len({t.title for t in teachers(plan)})


def test_the_suite_says_how_many_and_which(tmp_path: Path) -> None:
    grid = 'teachers_each = { kind = "specialists", count = 5, by = "length" }'
    plan = planned(tmp_path, "teachers", grid=grid)
    variants = [j.variant for j in teachers(plan) if j.variant]
    assert variants == [{"kind": "specialists", "count": 5, "by": "length", "index": i} for i in range(5)]


def test_teachers_of_several_sizes_are_the_plain_ones(tmp_path: Path) -> None:
    models = '"bow", "llama:16x1", "llama:32x1"'
    plan = planned(tmp_path, "teachers", kind="sizes", models=models, grid='students = ["llama:32x1"]')
    jobs = [plan.jobs[k] for k in mine(plan).given["teachers"]]
    assert [j.model for j in jobs if isinstance(j, FitJob)] == ["bow", "llama:16x1"]
    assert not any(j.variant for j in teachers(plan))


@pytest.mark.parametrize(
    "inputs, arguments, told",
    [
        (("teachers",), {"kind": "sizes"}, "need two models below the student"),
        (("teachers", "ladder"), {"hops": 1}, "label no fresh data"),
        (("gold-budget",), {"budget": 41}, "41 gold labels, where the teacher half has 40"),
        (("gold-budget",), {"budget": 0}, "0 gold labels"),
    ],
)
def test_what_the_suite_does_not_offer_is_a_failed_cell(
    tmp_path: Path, inputs: tuple[str, ...], arguments: dict[str, Any], told: str
) -> None:
    plan = planned(tmp_path, *inputs, **arguments)
    (reason,) = failed(plan)
    assert reason.startswith("asks for what the suite does not offer: ") and told in reason
    (cell,) = [c for c in plan.cells if c.failed]
    assert cell.method == "mine" and cell.student_key == "" and cell.teacher_key in plan.jobs
    assert [c.method for c in plan.cells if not c.failed] == ["naive"]


def test_a_student_that_answers_nothing_untrained_has_no_prior(tmp_path: Path) -> None:
    plan = planned(tmp_path, "prior", models='"llama:16x1", "bow"')
    assert failed(plan) == ["asks for what the suite does not offer: bow has no answer before any finetuning"]


def test_looks_are_shared_and_are_of_no_gold(tmp_path: Path) -> None:
    plan = planned(tmp_path, "states", "prior")
    looks = [j for j in plan.jobs.values() if isinstance(j, UntrainedJob)]
    assert {j.kind for j in looks} == {"states", "prior"} and not any(j.sees_gold for j in looks)
    assert {j.key for j in looks} == {mine(plan).given["states"], mine(plan).given["prior"]}
    assert {j.key for j in looks} <= set(mine(plan).needs)
    assert looks[0].parts == ("transfer", "validation", "test")


@pytest.mark.parametrize("validation, expected", [(10, "own"), (0, "held-out")])
def test_validation_is_the_suite_s_or_a_tenth_of_the_transfer_half(
    tmp_path: Path, validation: int, expected: str
) -> None:
    plan = planned(tmp_path, "validation", validation=validation)
    assert mine(plan).given["validation"] == expected


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Store]:
    folder = tmp_path_factory.mktemp("given")
    asked = ("teachers", "states", "prior", "validation", "tags", "texts", "gold-budget")
    plan = planned(folder, *asked, validation=0, kind="specialists")
    tally = run_plan(plan, InlineExecutor(), RunSettings(store=folder / "store", device="cpu"))
    assert tally.failures == (), tally.reasons
    return plan, Store(folder / "store")


def test_a_request_holds_what_was_asked_for(ran: tuple[Plan, Store]) -> None:
    plan, store = ran
    job = mine(plan)
    request = request_of(job, store, "cpu")
    assert request.teachers is not None and request.teachers.shape[:2] == (3, 40)
    for row, key in zip(request.teachers, job.given["teachers"], strict=True):
        assert np.array_equal(row, store.open("fit", key).arrays("transfer")["probabilities"])
    assert request.states.keys() == request.prior.keys() == {"transfer", "test"}
    assert len(request.states["transfer"]) == len(request.prior["transfer"]) == 40
    assert request.held_out == 4 and request.gold is not None and len(request.gold) == 5
    assert request.labels.keys() == {"transfer"}
    assert request.budget_teachers is not None and request.budget_teachers.shape == (3, 5, 2)
    for row, key in zip(request.budget_teachers, job.given["teachers"], strict=True):
        assert np.array_equal(row, store.open("fit", key).arrays("teacher")["probabilities"][:5])


def test_specialists_share_the_teacher_half(ran: tuple[Plan, Store]) -> None:
    plan, store = ran
    items = load_items(store, mine(plan).split, "teacher")
    parts = [chosen_rows(items, t.variant) for t in teachers(plan) if t.variant]
    assert sorted(np.concatenate(parts).tolist()) == list(range(40))
    lengths = [[len(items[i].prompt) + sum(map(len, items[i].options)) for i in part] for part in parts]
    assert max(lengths[0]) <= min(lengths[1]) and max(lengths[1]) <= min(lengths[2])
    facts = [store.open("fit", t.key).json("fit")["n_train"] for t in teachers(plan)]
    assert sorted(facts) == [13, 13, 14, 40]
    with pytest.raises(UserError, match=r"no tag 'rating' to divide specialists by.*length"):
        chosen_rows(items, {"kind": "specialists", "index": 0, "count": 3, "by": "rating"})


def test_records_tell_teachers_apart(ran: tuple[Plan, Store]) -> None:
    from w2s_bench.run.score import collect

    plan, store = ran
    records = [s.record for s in collect(plan, store) if s.record.role == "teacher"]
    assert sorted(str(r.options.get("teacher", {}).get("index")) for r in records) == ["0", "1", "2", "None"]


def test_other_seeds_are_other_teachers(tmp_path: Path) -> None:
    plan = planned(tmp_path, "teachers", models='"llama:16x1", "llama:32x1"')
    run_plan(plan, InlineExecutor(), RunSettings(store=tmp_path / "store", device="cpu"))
    request = request_of(mine(plan), Store(tmp_path / "store"), "cpu")
    assert request.teachers is not None
    assert len({t.tobytes() for t in request.teachers}) == 3
    assert np.array_equal(request.teachers[0], request.labels["transfer"])


def test_a_method_that_is_not_defined_in_a_domain_is_refused_by_name() -> None:
    text = """
name = "moves"
version = 1
seeds = [0]
methods = ["naive", "peer-loss"]
data = { teacher = 40, transfer = 40, validation = 0, test = 30 }
[[grid]]
tasks = ["chess/tactics-generated"]
models = ["board:8x1", "board:16x1"]
"""
    plan = make_plan(parse_suite(text, "moves.toml"), None)
    failed = {cell.method: cell.failed for cell in plan.cells}
    assert failed["naive"] is None
    assert failed["peer-loss"] == "is not defined for chess tasks: see its card"


def test_all_leaves_out_what_is_not_defined_in_a_domain() -> None:
    """It is in the grid of the other domain; a method that is named is planned, and its cell says why not."""
    text = """
name = "two"
version = 1
seeds = [0]
methods = ["naive"]
data = { teacher = 100, transfer = 40, validation = 10, test = 30 }
[[grid]]
tasks = ["chess/tactics-generated"]
models = ["board:8x1", "board:16x1"]
[[grid]]
tasks = ["nlp/polarity-generated"]
models = ["llama:16x1", "llama:32x1"]
"""
    suite = parse_suite(text, "two.toml")
    everything = make_plan(with_methods(suite, ["all"]), None).cells
    assert {c.domain for c in everything if c.method == "peer-loss"} == {"nlp"}
    assert {c.domain for c in everything if c.method == "naive"} == {"nlp", "chess"}
    named = make_plan(with_methods(suite, ["all", "peer-loss"]), None).cells
    assert {c.domain for c in named if c.method == "peer-loss"} == {"nlp", "chess"}
