"""Companions: items of other tasks' test sets beside a task's own, apart from its halves and its numbers."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.commands import refused, strict, w2s, well

from w2s_bench.api import Finished, run_suite
from w2s_bench.data.splits import draw_split, load_gold, load_items, make_split
from w2s_bench.errors import StoreError, UserError
from w2s_bench.plan.companions import companion_fingerprints
from w2s_bench.plan.job import FitJob, SplitJob, UntrainedJob
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.records import content_key
from w2s_bench.report.load import load_companions
from w2s_bench.results.run_folder import COMPANIONS, load_run
from w2s_bench.run import scheduler
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.run.fit_io import request_of
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.local import Store
from w2s_bench.suite import Data, Suite, parse_suite
from w2s_bench.task import load_task

TASKS = '''"""Tasks with companions, for tests."""
from dataclasses import replace
from w2s_bench.task import Ask, Example, Task, TaskCard

HERE = __file__
CLASSES = ("no", "yes")


class Rows:
    def __init__(self, **splits):
        self.splits = splits

    def has(self, split):
        return split in self.splits

    def rows(self, split, mirror):
        return self.splits[split]

    def fingerprint(self, mirror):
        return repr(self.splits)


def rows(start, count, mark):
    return [{"n": n, "text": f"{mark} good show {n}" if n % 2 else f"{mark} dull show {n}"}
            for n in range(start, start + count)]


def example(row):
    return Example(prompt=row["text"], options=CLASSES, gold=row["n"] % 2, group=str(row["n"] // 2),
                   tags={"n": float(row["n"])})


def task(name, source, **more):
    card = {"name": name, "domain": "nlp", "version": 1, "title": "t", "source": "s", "licence": "l",
            "citation": "c", "language": "en", "group": "g", "size": "1", "classes": CLASSES} | more
    return Task(card=TaskCard(**card), source=source, example=example,
                group=lambda row: str(row["n"] // 2), ask=Ask("is it", CLASSES))


HARD = task("nlp/hard", Rows(train=rows(2000, 300, "quite"), test=rows(190, 60, "quite")))
ONLY = task("nlp/only", Rows(test=rows(5000, 30, "hardly")), test_only=True)
MAIN = task("nlp/main", Rows(train=rows(0, 400, "very")), companions=(f"{HERE}:HARD", f"{HERE}:ONLY"))
ALONE = task("nlp/alone", Rows(train=rows(0, 400, "very")))
TURNED = task("nlp/turned", Rows(test=rows(0, 40, "x")), classes=("yes", "no"))
FREE = task("nlp/free", Rows(test=rows(0, 40, "x")), classes=())
WITH_TURNED = task("nlp/wt", Rows(train=rows(0, 400, "very")), companions=(f"{HERE}:TURNED",))
WITH_FREE = task("nlp/wf", Rows(train=rows(0, 400, "very")), companions=(f"{HERE}:FREE",))
WITH_CHESS = task("nlp/wc", Rows(train=rows(0, 400, "very")), companions=("chess/tactics-generated",))
WITH_NONE = task("nlp/wn", Rows(train=rows(0, 400, "very")), companions=("nlp/sst3",))
ONE_CLASS = task("nlp/oc", Rows(test=[r for r in rows(0, 40, "x") if r["n"] % 2]))
WITH_ONE_CLASS = task("nlp/wo", Rows(train=rows(0, 400, "very")), companions=(f"{HERE}:ONE_CLASS",))
'''
SUITE = """
name = "beside"
version = 1
seeds = [0, 1]
methods = ["naive", "linear-probe"]
references = ["zero-shot", "weak-copy"]
data = {{ teacher = 60, transfer = 50, validation = 10, test = 40{companion} }}
training = {{ epochs = 1, batch_size = 8, max_length = 48 }}
[[grid]]
tasks = ["{task}"]
models = [{{ name = "bow", learning_rate = 0.05 }}, "zoo:text/16x1"]
"""
SIZES = Data(teacher=60, transfer=50, validation=10, test=40, companion=25)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tasks") / "beside.py"
    path.write_text(TASKS)
    return path


def suite_text(file: Path, task: str = "MAIN", companion: str = ", companion = 25") -> str:
    return SUITE.format(task=f"{file}:{task}" if task.isupper() else task, companion=companion)


def planned(file: Path, task: str = "MAIN", companion: str = ", companion = 25") -> Plan:
    return make_plan(parse_suite(suite_text(file, task, companion), "t.toml"), None)


# Splits


def test_companions_share_no_content_and_no_group_with_any_half_and_are_one_for_all_seeds(file: Path) -> None:
    task = load_task(f"{file}:MAIN")
    hard = set()
    for seed in range(3):
        split = make_split(task, SIZES, seed, None)
        assert {k: len(p.items) for k, p in split.items()} == {
            "test": 40, "companion-1": 25, "companion-2": 25, "teacher": 60, "transfer": 50, "validation": 10,
        }  # fmt: skip
        ids = [i.id for part in split.values() for i in part.items]
        assert len(ids) == len(set(ids))
        groups = {name: {int(float(i.tags["n"])) // 2 for i in part.items} for name, part in split.items()}
        asked = groups["test"] | groups["companion-1"] | groups["companion-2"]
        halves = [groups[name] for name in ("teacher", "transfer", "validation")]
        assert not asked & set().union(*halves) and sum(map(len, halves)) == len(set().union(*halves))
        assert split["companion-1"].gold.tolist() == [
            int(float(i.tags["n"])) % 2 for i in split["companion-1"].items
        ]
        hard.add(tuple(i.id for i in split["companion-1"].items))
    assert len(hard) == 1


def test_a_companion_is_the_test_set_that_its_own_task_has(file: Path) -> None:
    own = make_split(load_task(f"{file}:HARD"), SIZES, 5, None)["test"].items
    drawn = make_split(load_task(f"{file}:MAIN"), SIZES, 0, None)
    assert drawn["companion-1"].items == own[:25]


def test_rows_of_a_companion_are_counted_by_its_name(file: Path) -> None:
    drawn = draw_split(load_task(f"{file}:MAIN"), SIZES, 0, None)
    assert set(drawn.excluded) == {"train", "nlp/hard", "nlp/only"}


def test_without_companion_items_splits_and_keys_are_what_they_were(file: Path) -> None:
    none = SIZES.model_copy(update={"companion": 0})
    task, alone = load_task(f"{file}:MAIN"), load_task(f"{file}:ALONE")
    one, two = (make_split(t, none, 0, None) for t in (task, alone))
    assert {k: p.items for k, p in one.items()} == {k: p.items for k, p in two.items()}
    sizes = {"teacher": 60, "transfer": 50, "validation": 10, "test": 40, "hops": 0}
    job = SplitJob(task="t", fingerprint="f", data=none, seed=0)
    old = {"kind": "split", "version": 1, "task": "f", "data": sizes, "seed": 0}
    assert job.key == content_key(old) == replace(job, data=SIZES).key
    drawn = replace(job, data=SIZES, companions={"a": "print a"})
    assert len({job.key, drawn.key, replace(drawn, companions={"a": "print b"}).key}) == 3


def test_suites_without_companions_keep_their_hash(file: Path) -> None:
    assert parse_suite(suite_text(file, companion=""), "t").hash == _hash(
        parse_suite(suite_text(file, companion=", companion = 0"), "t")
    )
    assert parse_suite(suite_text(file), "t").hash != parse_suite(suite_text(file, companion=""), "t").hash


def _hash(suite: Suite) -> str:
    return content_key(suite.model_dump(mode="json", exclude_defaults=True))


def test_a_task_without_companions_has_the_keys_of_a_suite_that_asks_for_none(file: Path) -> None:
    assert planned(file, "ALONE").jobs.keys() == planned(file, "ALONE", "").jobs.keys()
    assert not planned(file, "MAIN").jobs.keys() & planned(file, "MAIN", "").jobs.keys()


# What does not fit


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("ONLY", ["beside.py:ONLY", "only tests", "among its companions"]),
        (
            "WITH_TURNED",
            ["nlp/wt", "companion nlp/turned has nlp items with classes yes, no", "classes no, yes"],
        ),
        ("WITH_FREE", ["nlp/wf", "nlp/free has nlp items with options of each item's own"]),
        ("WITH_CHESS", ["nlp/wc", "companion chess/tactics-generated has chess items"]),
        ("WITH_NONE", ["companions of task nlp/wn", "unknown task 'nlp/sst3'", "nlp/sst2"]),
        ("WITH_ONE_CLASS", ["nlp/wo", "'companion-1' has only the class 'yes'"]),
    ],
)
def test_a_companion_that_does_not_fit_is_one_line(
    task: str, words: list[str], file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "LocalExecutor", lambda workers: InlineExecutor())
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "s.toml"
    path.write_text(suite_text(file, task))
    refused(w2s("run", path, "--out", tmp_path / "out"), words, tmp_path)


def test_nothing_of_a_companion_is_asked_for_where_no_item_is(file: Path) -> None:
    task = load_task(f"{file}:WITH_TURNED")
    assert companion_fingerprints(task, SIZES.model_copy(update={"companion": 0}), None) == {}
    with pytest.raises(UserError, match="nlp/turned"):
        companion_fingerprints(task, SIZES, None)
    planned(file, "WITH_TURNED", "")


# A run


@pytest.fixture(scope="module")
def ran(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    root = tmp_path_factory.mktemp("companions")
    (root / "s.toml").write_text(suite_text(file))
    return run_suite(str(root / "s.toml"), RunSettings(out=root / "out", store=root / "store", workers=1))


def test_every_fit_answers_the_companions(ran: Finished, file: Path) -> None:
    names = {f"{file}:HARD", f"{file}:ONLY"}
    assert ran.run.failed == [] and set(ran.run.companions) == names
    for record in ran.run.records:
        assert set(record.companions) == names and record.n_test == 40
        for name, score in record.companions.items():
            predictions = ran.run.companions[name][record.key]
            assert score.accuracy == pytest.approx(predictions.correct.mean())
            assert (score.n_test, score.chance) == (len(predictions.items), 0.5) == (25, 0.5)
    assert {r.role for r in ran.run.records} == {"teacher", "ceiling", "student", "reference"}


def test_scores_are_those_of_the_predictions_against_the_companion_s_gold(ran: Finished, file: Path) -> None:
    plan, store = planned(file), Store(ran.folder.parent / "store")
    job = next(j for j in plan.jobs.values() if isinstance(j, FitJob) and j.role == "student")
    gold = load_gold(store, job.split, "companion-1")
    answers = store.open("fit", job.key).arrays("companion-1")["probabilities"].argmax(1)
    record = next(r for r in ran.run.records if r.key == job.key)
    assert record.companions[f"{file}:HARD"].accuracy == pytest.approx(float(np.mean(answers == gold)))


def test_no_request_holds_gold_of_a_companion(ran: Finished, file: Path) -> None:
    plan, store = planned(file), Store(ran.folder.parent / "store")
    jobs = [j for j in plan.jobs.values() if isinstance(j, FitJob | UntrainedJob) and not j.sees_gold]
    assert jobs
    for job in jobs:
        request = request_of(job, store, "cpu")
        assert {"companion-1", "companion-2"} <= {*request.items} and request.gold is None
        assert request.items["companion-1"] == load_items(store, job.split, "companion-1")
        assert "companion-1" not in request.labels and request.train != "companion-1"


def test_tables_show_companions_apart_and_pool_none_of_them(
    ran: Finished, file: Path, tmp_path: Path
) -> None:
    out = ran.folder
    assert len(ran.companions) == 2 * len([r for r in ran.rows if r.task]) == 8
    assert {r.companion for r in ran.rows} == {None} and all(r.task for r in ran.companions)
    naive = next(r for r in ran.companions if r.method == "naive" and r.companion == f"{file}:HARD")
    keys = [c for c in ran.run.cells if c.method == "naive"]
    found = [
        r.companions[f"{file}:HARD"].accuracy
        for r in ran.run.records
        if r.key in {c.student_key for c in keys}
    ]
    assert naive.student_accuracy == pytest.approx(np.mean(found)) and naive.n_test == 25
    assert naive.gain_low is not None and naive.seeds == 2
    text = (out / "table.txt").read_text()
    assert "companions, the same models on other test items (never pooled)" in text
    assert "(never pooled)" in (out / "table.md").read_text()
    table = list(csv.DictReader(io.StringIO((out / "table.csv").read_text())))
    assert [r["companion"] for r in table].count("") == len(ran.rows)
    document = strict(well("report", out, "--json").stdout)
    assert len(document["companions"]) == 8 and len(document["rows"]) == len(ran.rows)
    assert well("report", out).stdout.count("never pooled") == 1
    latex = well("report", out, "--format", "latex").stdout
    assert latex.count("never pooled") == 1 and "{tab:w2s-nlp-companions}" in latex
    page = (out / "report.html").read_text("utf8")
    own = page[page.index('id="companions-table"') : page.index('id="examples"')]
    assert own.count("<tr data-") == len(ran.companions) and "HARD" in own


def test_the_main_numbers_do_not_depend_on_the_items_of_companions(ran: Finished, tmp_path: Path) -> None:
    """Only by the rows that the halves may not have; a run whose companions are taken away says the same."""
    run = load_run(ran.folder)
    (ran.folder / COMPANIONS).rename(tmp_path / COMPANIONS)
    try:
        assert (
            load_run(ran.folder).companions == {}
            and load_run(ran.folder).predictions.keys() == run.predictions.keys()
        )
        assert well("report", ran.folder, "--format", "csv").stdout.count("\n") == 1 + len(ran.rows)
    finally:
        (tmp_path / COMPANIONS).rename(ran.folder / COMPANIONS)


def test_fits_that_answered_other_items_are_refused(ran: Finished, file: Path) -> None:
    run = load_run(ran.folder)
    found = run.companions[f"{file}:HARD"]
    key = run.cells[0].student_key
    found[key] = replace(found[key], items=found[key].items[::-1])
    with pytest.raises(StoreError, match="scored on other items of companion"):
        load_companions(run)
    del found[run.cells[0].teacher_key]
    with pytest.raises(StoreError, match="no predictions of fit"):
        load_companions(run)
