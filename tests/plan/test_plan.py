"""The plan: how many fits, which are shared, what changes a key and what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from w2s_bench.errors import BadModel, UnknownName, UserError
from w2s_bench.plan.cost import estimate
from w2s_bench.plan.job import FitJob, Job, SplitJob, describe
from w2s_bench.plan.plan import Plan, finished, make_plan
from w2s_bench.registry import items as registered
from w2s_bench.store.local import Store
from w2s_bench.suite import Suite, parse_suite

TASKS = ("nlp/polarity-generated", "reward/polarity-generated")
MODELS = ("bow", "llama:16x1", "llama:32x1", "llama:32x2", "llama:64x2")


@pytest.fixture(autouse=True, scope="module")
def one_listing() -> Iterator[None]:
    """List what is registered once: asking the installed packages for each name is most of a plan's time."""
    original = registered.items
    registered.items = cache(original)
    yield
    registered.items = original


def suite(
    *,
    models: tuple[str, ...] = MODELS[:4],
    tasks: tuple[str, ...] = TASKS[:1],
    methods: tuple[Any, ...] = ("naive", "confidence"),
    seeds: tuple[int, ...] = (0,),
    changes: dict[str, dict[str, Any]] | None = None,
    **grid: Any,
) -> Suite:
    """A suite of one grid; ``changes`` are settings of single models."""
    document = {
        "name": "plan",
        "version": 1,
        "seeds": list(seeds),
        "methods": [{"name": m} if isinstance(m, str) else m for m in methods],
        "grid": [
            {
                "tasks": list(tasks),
                "models": [{"name": m, **(changes or {}).get(m, {})} for m in models],
                **grid,
            }
        ],
    }
    return Suite.model_validate(document)


def plan(**arguments: Any) -> Plan:
    return make_plan(suite(**arguments), None)


def fits(made: Plan, role: str | None = None) -> list[FitJob]:
    return [j for j in made.jobs.values() if isinstance(j, FitJob) and role in (None, j.role)]


def chain(made: Plan, job: FitJob) -> list[FitJob]:
    """The fit and those whose labels it stands on, down to the teacher."""
    below = made.jobs[job.labels] if job.labels else None
    return [job, *chain(made, below)] if isinstance(below, FitJob) else [job]


def names(made: Plan) -> dict[tuple[Any, ...], str]:
    """Keys of the fits by what a reader would call them, through all rungs."""
    found = {}
    for job in fits(made):
        rungs = tuple((f.role, f.part, f.model, f.method, str(f.options)) for f in chain(made, job))
        found[job.task, job.seed, rungs] = job.key
    assert len(found) == len(fits(made)), "two jobs have one name"
    return found


def uses_model(name: tuple[Any, ...], model: str) -> bool:
    return any(rung[2] == model for rung in name[2])


@pytest.mark.parametrize("methods", [("naive",), ("naive", "confidence")])
@pytest.mark.parametrize("seeds", [(0,), (3, 1, 4)])
@pytest.mark.parametrize("tasks", [TASKS[:1], TASKS])
def test_the_number_of_fits(methods: tuple[str, ...], seeds: tuple[int, ...], tasks: tuple[str, ...]) -> None:
    """Three teachers, three students, six pairs: 3 + 3 + 6·M a task and seed, not 3·3·3·M."""
    made = plan(methods=methods, seeds=seeds, tasks=tasks)
    assert len(fits(made)) == (3 + 3 + 6 * len(methods)) * len(seeds) * len(tasks)
    assert len(made.jobs) - len(fits(made)) == len(seeds) * len(tasks), "a split a task and seed"
    assert len(made.cells) == 6 * len(methods) * len(seeds) * len(tasks)


grids = st.fixed_dictionaries(
    {
        "models": st.integers(2, 5).map(lambda k: MODELS[:k]),
        "tasks": st.sampled_from([TASKS, TASKS[:1], TASKS[1:]]),
        "methods": st.lists(st.sampled_from(["naive", "confidence"]), min_size=1, unique=True).map(tuple),
        "seeds": st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True).map(tuple),
        "data": st.fixed_dictionaries({"hops": st.integers(0, 3), "validation": st.sampled_from([0, 20])}),
    }
)
subsets = st.lists(st.integers(0, 4), min_size=1, unique=True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
@given(grids, subsets, subsets, st.booleans())
def test_any_grid(grid: dict[str, Any], teachers: list[int], students: list[int], climbs: bool) -> None:
    models = grid["models"]
    weak = [models[t] for t in teachers if t < len(models)]
    strong = [models[s] for s in students if s < len(models)]
    pairs = [(t, s) for t in weak for s in strong if models.index(t) < models.index(s)]
    if not pairs:
        with pytest.raises(ValueError, match="no student is listed after a teacher"):
            suite(**grid, teachers=weak, students=strong)
        return
    methods = (*grid["methods"], "bootstrapping") if climbs else grid["methods"]
    made = plan(**grid | {"methods": methods}, teachers=weak, students=strong)
    blocks = len(grid["tasks"]) * len(grid["seeds"])
    assert len(fits(made, "teacher")) == len({t for t, _ in pairs}) * blocks
    assert len(fits(made, "ceiling")) == len({s for _, s in pairs}) * blocks
    assert len(made.cells) == len(pairs) * len(methods) * blocks
    if not climbs:
        assert len(fits(made, "student")) == len(made.cells)
    check_order(made)
    check_parts(made)


def check_order(made: Plan) -> None:
    """Whatever a job needs stands before it."""
    seen: set[str] = set()
    for key, job in made.jobs.items():
        assert key == job.key
        assert seen.issuperset(job.needs), job.title
        seen.add(key)
    for cell in made.cells:
        assert {cell.teacher_key, cell.student_key, cell.ceiling_key} <= made.jobs.keys()


def check_parts(made: Plan) -> None:
    """Labels come from a smaller model's fit on the same split, which predicts the part that they are for."""
    for job in fits(made):
        assert isinstance(made.jobs[job.split], SplitJob)
        if job.role != "student":
            assert job.labels is None and job.part == {"teacher": "teacher", "ceiling": "transfer"}[job.role]
            continue
        below = made.jobs[job.labels or ""]
        assert isinstance(below, FitJob) and below.split == job.split and below.role != "ceiling"
        assert job.part in below.predicts
        assert MODELS.index(below.model) < MODELS.index(job.model)


def test_teachers_and_ceilings_are_shared_by_methods() -> None:
    one, two = plan(methods=("naive",)), plan(methods=("naive", "confidence"))
    for role in ("teacher", "ceiling"):
        assert [j.key for j in fits(one, role)] == [j.key for j in fits(two, role)]
    by_pair: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for cell in two.cells:
        by_pair.setdefault((cell.teacher, cell.student), set()).add((cell.teacher_key, cell.ceiling_key))
    assert all(len(keys) == 1 for keys in by_pair.values())
    teacher = next(j for j in fits(two, "teacher") if j.model == "bow")
    assert two.cells_per_fit()[teacher.key] == 6, "three students, two methods"


def test_pairs_with_a_larger_teacher_are_left_out() -> None:
    made = plan(teachers=["bow", "llama:32x1"], students=["llama:16x1", "llama:32x1", "llama:32x2"])
    pairs = {(c.teacher, c.student) for c in made.cells}
    assert pairs == {
        ("bow", "llama:16x1"),
        ("bow", "llama:32x1"),
        ("bow", "llama:32x2"),
        ("llama:32x1", "llama:32x2"),
    }


def test_ceilings_train_on_the_students_inputs_with_gold() -> None:
    made = plan()
    cell = made.cells[-1]
    student, ceiling = made.jobs[cell.student_key], made.jobs[cell.ceiling_key]
    assert isinstance(student, FitJob) and isinstance(ceiling, FitJob)
    assert (student.part, student.split, student.model) == (ceiling.part, ceiling.split, ceiling.model)
    assert ceiling.labels is None and student.labels == cell.teacher_key
    assert ceiling.method == "naive" and ceiling.training == student.training


def test_equal_content_has_equal_keys() -> None:
    """Neither the suite's name nor the company of other tasks, models, seeds or methods is in a key."""
    small = names(plan(models=MODELS[:3], seeds=(1,), methods=("confidence",)))
    large = names(plan(models=MODELS, seeds=(0, 1), tasks=TASKS[::-1], methods=("naive", "confidence")))
    assert small.items() <= large.items()
    renamed = suite(models=MODELS[:3], seeds=(1,), methods=("confidence",)).model_copy(
        update={"name": "other", "version": 7}
    )
    assert names(make_plan(renamed, None)) == small


def test_what_is_for_people_is_not_in_the_key() -> None:
    job = fits(plan(), "student")[0]
    assert replace(job, role="ceiling", task="nlp/other", task_version=9, domain="reward").key == job.key
    changes = {
        "split": "s",
        "part": "hop-1",
        "labels": None,
        "model": "bow",
        "model_fingerprint": "f",
        "seed": 9,
    }
    changes |= {"method": "mine", "method_fingerprint": "f", "training": {}}
    keys = {replace(job, **{name: value}).key for name, value in changes.items()}
    assert len(keys | {job.key}) == len(changes) + 1


def test_adding_a_method_changes_no_key() -> None:
    before = plan(methods=("naive",), data={"hops": 2}).jobs.keys()
    after = plan(methods=("confidence", "naive", "bootstrapping"), data={"hops": 2}).jobs.keys()
    assert before < after


@pytest.mark.parametrize("model", MODELS[:4])
@pytest.mark.parametrize("change", [{"learning_rate": 0.0123}, {"epochs": 9}, {"batch_size": 3}], ids=str)
@pytest.mark.parametrize("hops", [0, 2])
def test_a_recipe_changes_its_fits_and_those_below(model: str, change: dict[str, Any], hops: int) -> None:
    arguments = {"methods": ("naive", "confidence", "bootstrapping"), "data": {"hops": hops}, "tasks": TASKS}
    before, after = names(plan(**arguments)), names(plan(**arguments, changes={model: change}))
    assert before.keys() == after.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {name for name in before if uses_model(name, model)}
    assert 0 < len(changed) < len(before)


def test_an_option_changes_the_fits_of_its_method_only() -> None:
    before = plan(methods=("naive", {"name": "confidence", "alpha": 0.5})).jobs
    after = plan(methods=("naive", {"name": "confidence", "alpha": 0.75})).jobs
    gone = [job for key, job in before.items() if key not in after]
    assert len(gone) == 6 and all(isinstance(j, FitJob) and j.method == "confidence" for j in gone)


@pytest.mark.parametrize(
    "grid",
    [
        {"data": {"teacher": 999}},
        {"data": {"test": 999}},
        {"data": {"hops": 1}},
        {"data": {"validation": 0}},
        {"training": {"weight_decay": 0.1}},
        {"training": {"schedule": "cosine"}},
        {"training": {"precision": "bf16"}},
        {"training": {"clip": 0.5}},
        {"training": {"warmup": 0.5}},
        {"training": {"max_length": 32}},
    ],
    ids=str,
)
def test_what_decides_all_fits_is_in_every_key(grid: dict[str, Any]) -> None:
    before, after = plan(), plan(**grid)
    assert not {j.key for j in fits(before)} & {j.key for j in fits(after)}
    same_split = {j.split for j in fits(before)} == {j.split for j in fits(after)}
    assert same_split == ("data" not in grid)


def test_seeds_and_tasks_share_nothing() -> None:
    made = plan(seeds=(0, 1), tasks=TASKS)
    for job in fits(made):
        assert all(f.seed == job.seed and f.task == job.task for f in chain(made, job))
    assert len({j.split for j in fits(made)}) == 4


def test_an_edited_model_folder_changes_its_keys(tmp_path: Path) -> None:
    from w2s_bench.contract import toys

    folder = toys.model_folder(tmp_path / "tiny")
    arguments = {"models": ("bow", f"hf:{folder}")}
    before = names(plan(**arguments))
    (folder / "notes.txt").write_text("changed")
    after = names(plan(**arguments))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {name for name in before if uses_model(name, f"hf:{folder}")}


def test_two_equal_methods_are_refused() -> None:
    for methods in (("naive", "naive"), ({"name": "naive", "hard": True},) * 2):
        with pytest.raises(UserError, match=r"two methods have the same name.*label"):
            plan(methods=methods)
    with pytest.raises(UserError, match="two methods have the same name"):
        plan(methods=("confidence", {"name": "naive", "label": "confidence"}))


def test_one_method_with_two_options_makes_two_columns() -> None:
    made = plan(methods=("naive", {"name": "naive", "hard": True}))
    assert {c.method for c in made.cells} == {"naive", "naive (hard=True)"}
    assert len(fits(made, "student")) == 12
    labelled = plan(methods=({"name": "naive", "label": "one"}, {"name": "naive", "label": "two"}))
    assert {c.method for c in labelled.cells} == {"one", "two"}
    assert len(fits(labelled, "student")) == 6, "equal content is fitted once"


def test_bootstrapping_without_fresh_data_shares_with_naive() -> None:
    made = plan(methods=("naive", "bootstrapping"), teachers=["bow"], students=list(MODELS[1:4]))
    keys = {(c.method, c.student): c.student_key for c in made.cells}
    smallest = MODELS[1]
    assert keys["naive", smallest] == keys["bootstrapping", smallest], "no rung in between"
    top = made.jobs[keys["bootstrapping", MODELS[3]]]
    assert isinstance(top, FitJob)
    assert [(f.model, f.part, f.method) for f in chain(made, top)] == [
        ("llama:32x2", "transfer", "naive"),
        ("llama:32x1", "transfer", "naive"),
        ("llama:16x1", "transfer", "naive"),
        ("bow", "teacher", "naive"),
    ]
    assert chain(made, top)[2].key == keys["naive", smallest], "the first rung is naive's own fit"
    assert len(fits(made, "student")) == 3 + 2


def test_bootstrapping_climbs_on_fresh_data() -> None:
    made = plan(methods=("bootstrapping",), teachers=["bow"], students=list(MODELS[1:4]), data={"hops": 1})
    keys = {c.student: c.student_key for c in made.cells}
    top = made.jobs[keys[MODELS[3]]]
    assert isinstance(top, FitJob)
    assert [f.part for f in chain(made, top)] == ["transfer", "transfer", "hop-1", "teacher"]
    made = plan(methods=("naive", "bootstrapping"), teachers=["bow"], students=[MODELS[3]], data={"hops": 2})
    assert len(fits(made, "student")) == 1 + 3, "models that are neither teachers nor students are rungs"
    made = plan(methods=("naive", "bootstrapping"), students=[MODELS[3]], data={"hops": 2})
    assert not any(f.part.startswith("hop") for f in fits(made)), "teachers that are no students are no rungs"
    made = plan(methods=("bootstrapping",), teachers=["bow"], data={"hops": 2})
    top = made.jobs[{c.student: c.student_key for c in made.cells}[MODELS[3]]]
    assert isinstance(top, FitJob)
    assert [f.part for f in chain(made, top)] == ["transfer", "hop-2", "hop-1", "teacher"]
    assert all(f.part in made.jobs[f.labels].predicts for f in chain(made, top) if f.labels)  # type: ignore[union-attr]


def test_no_fit_predicts_on_what_it_trained_on_but_the_transfer_half() -> None:
    made = plan(methods=("naive", "bootstrapping"), data={"hops": 2})
    for job in fits(made):
        assert "test" in job.predicts and "teacher" not in job.predicts
        assert len(set(job.predicts)) == len(job.predicts)
        assert job.part not in set(job.predicts) - {"transfer"}


@pytest.mark.parametrize(
    "arguments, error, told",
    [
        ({"tasks": ("nlp/polarity",)}, UnknownName, "nlp/polarity-generated"),
        ({"models": ("bow", "lama:16x1")}, UnknownName, "llama"),
        ({"models": ("bow", "llama:17x1")}, BadModel, "17x1"),
        ({"models": ("bow", "board:8x1")}, BadModel, "does not answer nlp"),
        ({"methods": ("naiv",)}, UnknownName, "naive"),
        ({"methods": ({"name": "confidence", "alpha": 7},)}, UserError, "alpha"),
    ],
)
def test_names_that_do_not_exist_or_fit(arguments: dict[str, Any], error: type[UserError], told: str) -> None:
    with pytest.raises(error, match=told):
        plan(**arguments)


def test_finished_jobs_are_left_out(tmp_path: Path) -> None:
    made, store = plan(), Store(tmp_path)
    jobs = list(made.jobs.values())
    assert made.to_run(store) == jobs
    split, first = jobs[0], jobs[1]
    assert isinstance(split, SplitJob)
    with store.write("items", split.key):
        pass
    assert not finished(split, store), "items without gold are half a split"
    with store.write("gold", split.key):
        pass
    with store.write("fit", first.key):
        pass
    assert made.to_run(store) == jobs[2:]


def finish(store: Store, job: Job, seconds: float) -> None:
    for kind in ("gold", "items") if isinstance(job, SplitJob) else ("fit",):
        with store.write(kind, job.key) as draft:
            draft.json("timing", {"seconds": seconds})


def test_the_estimate_uses_known_times_and_ends_at_zero(tmp_path: Path) -> None:
    made, store = plan(), Store(tmp_path)

    def costs(of: Plan, workers: int) -> float:
        return estimate(of, of.to_run(store), store, "cpu", workers)

    first = costs(made, 1)
    assert first > 0
    assert costs(made, 2) == pytest.approx(first / 2)
    assert costs(plan(seeds=(0, 1)), 1) == pytest.approx(2 * first)
    jobs = list(made.jobs.values())
    finish(store, jobs[0], 0)
    for job in jobs[1:]:
        if isinstance(job, FitJob) and job.role == "ceiling":
            finish(store, job, 100.0)
    left = [j for j in made.to_run(store) if isinstance(j, FitJob)]
    known = sum(j.model != "bow" for j in left)  # the bag of words is no ceiling here: its time is a guess
    assert 100.0 * known < costs(made, 1) < 100.0 * known + 60
    for job in left:
        finish(store, job, 1.0)
    assert costs(made, 1) == 0


def test_a_job_describes_itself_in_json() -> None:
    for job in plan(methods=("naive", "bootstrapping")).jobs.values():
        told = json.loads(json.dumps(describe(job), allow_nan=False))
        assert told["key"] == job.key and told["needs"] == list(job.needs) and told["title"]
        assert told["kind"] == ("split" if isinstance(job, SplitJob) else "fit")


def test_a_suite_in_toml_plans() -> None:
    """Through TOML, with suite-wide settings pushed into the grids."""
    text = (
        'name = "toml"\nversion = 1\nseeds = [0]\nmethods = ["naive"]\n'
        "[data]\nteacher = 7\n[training]\nepochs = 3\n"
        f'[[grid]]\ntasks = ["{TASKS[0]}"]\nmodels = ["bow", {{ name = "llama:16x1", epochs = 5 }}]\n'
    )
    made = make_plan(parse_suite(text, "toml.toml"), None)
    assert {j.model: j.training["epochs"] for j in fits(made)} == {"bow": 3, "llama:16x1": 5}
    assert all(j.data.teacher == 7 for j in fits(made))


def test_two_tasks_of_one_file_are_two_tasks(tmp_path: Path) -> None:
    """Even where they differ in nothing but a function."""
    file = tmp_path / "two.py"
    file.write_text(
        "from dataclasses import replace\n"
        "from w2s_bench.registry.load import load\n"
        'ONE = load("task", "nlp/polarity-generated")\n'
        "def longer(row):\n"
        "    return replace(ONE.example(row), prompt=row['text'] + ' so it is')\n"
        "TWO = replace(ONE, example=longer)\n"
    )
    made = plan(tasks=(f"{file}:ONE", f"{file}:TWO"))
    splits = {j.task.rpartition(":")[2]: j.key for j in made.jobs.values() if isinstance(j, SplitJob)}
    assert set(splits) == {"ONE", "TWO"}, "neither stands in for the other"
    assert len({j.split for j in fits(made)}) == 2
