"""Runs: equal to the byte, nothing twice, what a failure leaves, and gold that students never open."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import torch
from support.tiny_runs import (
    ALL,
    NLP,
    TACTICS,
    bytes_of,
    finish,
    fits,
    site,
    tiny,
)

from w2s_bench.data.splits import load_gold, load_items
from w2s_bench.errors import UserError
from w2s_bench.plan.job import FitJob, Job, SplitJob
from w2s_bench.plan.plan import Plan, finished
from w2s_bench.records import CellRecord, ScoreRecord, load_lines
from w2s_bench.results.run_folder import CELLS, PREDICTIONS, RECORDS, load_run
from w2s_bench.run.execute import execute
from w2s_bench.run.executors import InlineExecutor, LocalExecutor
from w2s_bench.run.scheduler import Tally, marked, run_plan
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.local import Artifact, Store

torch.set_num_threads(1)  # as workers do
NEEDS_TACTICS = pytest.mark.skipif(
    not TACTICS.is_file(), reason="tasks/chess/data/tactics.parquet is not made"
)


class Watching(InlineExecutor):
    """Runs jobs here, and tells which kinds of artifacts each opened, and which parts of gold."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.opened: dict[str, list[str]] = {}
        open_, arrays = Store.open, Artifact.arrays

        def watched_open(store: Store, kind: str, key: str) -> Artifact:
            self.now.append(kind)
            return open_(store, kind, key)

        def watched_arrays(artifact: Artifact, name: str) -> Any:
            if "gold" in artifact.folder.parts:
                self.now.append(f"gold of {name}")
            return arrays(artifact, name)

        patch.setattr(Store, "open", watched_open)
        patch.setattr(Artifact, "arrays", watched_arrays)

    def submit(self, job: Job, site: RunSettings) -> Future[str]:
        self.now = self.opened[job.key] = []
        return super().submit(job, site)


@dataclass(frozen=True)
class Ran:
    """A plan, the folder that it was run in, what that took, and what each of its jobs opened."""

    plan: Plan
    folder: Path
    tally: Tally
    opened: dict[str, list[str]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder, plan = tmp_path_factory.mktemp("ran"), tiny(ALL)
    with pytest.MonkeyPatch.context() as patch:
        executor = Watching(patch)
        tally = run_plan(plan, executor, site(folder))
    assert finish(plan, folder) == Tally(run=0, finished=tally.run)
    return Ran(plan, folder, tally, executor.opened)


def test_every_job_was_run_once(ran: Ran) -> None:
    assert ran.tally == Tally(run=len(fits(ran.plan)), finished=0)
    store = Store(ran.folder / "store")
    assert ran.plan.to_run(store) == []
    assert all(store.has("fit", job.key) for job in fits(ran.plan))


def test_worker_processes_change_no_byte(ran: Ran, tmp_path: Path) -> None:
    assert finish(ran.plan, tmp_path, LocalExecutor(2)) == ran.tally
    assert bytes_of(tmp_path) == bytes_of(ran.folder)


def test_a_second_run_in_one_process_changes_no_byte(ran: Ran, tmp_path: Path) -> None:
    """Of a part of the suite: the company of other tasks changes nothing either."""
    finish(tiny(), tmp_path)
    for name in (RECORDS, CELLS):
        some, all_ = (set((f / name).read_bytes().splitlines()) for f in (tmp_path, ran.folder))
        assert some and some < all_
    tables = (pyarrow.parquet.read_table(f / PREDICTIONS).to_pandas() for f in (tmp_path, ran.folder))
    mine, theirs = (table[table["key"].isin({j.key for j in fits(tiny())})] for table in tables)
    assert (
        mine.astype({"key": str})
        .reset_index(drop=True)
        .equals(theirs.astype({"key": str}).reset_index(drop=True))
    )


class Refusing:
    """An executor that must not be asked."""

    slots = 1
    closed = False

    def submit(self, job: Job, site: RunSettings) -> Future[str]:
        raise AssertionError(f"asked to run {job.title}")

    def close(self, *, wait: bool) -> None:
        self.closed = True


def test_a_second_run_runs_nothing(ran: Ran) -> None:
    executor = Refusing()
    assert run_plan(tiny(ALL), executor, site(ran.folder)) == Tally(run=0, finished=len(fits(ran.plan)))
    assert executor.closed


class Counting(InlineExecutor):
    """Runs jobs here, and remembers them."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def submit(self, job: Job, site: RunSettings) -> Future[str]:
        self.jobs.append(job)
        return super().submit(job, site)


def test_one_learning_rate_reruns_the_jobs_below_it(tmp_path: Path) -> None:
    run_plan(tiny(), InlineExecutor(), site(tmp_path))
    changed = tiny(NLP.replace('"llama:16x1"', '{ name = "llama:16x1", learning_rate = 0.002 }'))
    executor = Counting()
    tally = run_plan(changed, executor, site(tmp_path))
    assert {j.model for j in executor.jobs if isinstance(j, FitJob)} == {"llama:16x1"}
    assert len(executor.jobs) == tally.run == len(fits(changed)) - len(fits(changed, "teacher"))
    changed = tiny(NLP.replace("0.05", "0.06"))
    executor = Counting()
    run_plan(changed, executor, site(tmp_path))
    below = {j.key for j in fits(changed, "teacher", "student")}
    assert {j.key for j in executor.jobs} == below, "the teacher and whoever learns from it, but no ceiling"


def test_a_new_method_and_a_new_seed_run_only_what_is_new(tmp_path: Path) -> None:
    run_plan(tiny(), InlineExecutor(), site(tmp_path))
    executor = Counting()
    run_plan(tiny(method='{ name = "naive", hard = true }'), executor, site(tmp_path))
    assert [(j.role, j.method, j.options) for j in executor.jobs if isinstance(j, FitJob)] == [
        ("student", "naive", {"hard": True})
    ]
    executor = Counting()
    run_plan(tiny(seeds="[0, 1]"), executor, site(tmp_path))
    assert executor.jobs and {j.seed for j in executor.jobs} == {1}


def test_a_student_labels_only_where_it_is_a_rung(tmp_path: Path) -> None:
    """Where a finished one becomes a rung later, it is made again whole, and answers as before."""
    grids = NLP.replace('"llama:16x1"]', '"llama:16x1", "llama:16x2"]')
    before, after = tiny(grids, method='{ name = "naive", hard = true }'), tiny(grids)
    (rung,) = (j for j in fits(after, "student") if j.labels_others)
    run_plan(before, InlineExecutor(), site(tmp_path))
    store = Store(tmp_path / "store")
    answers = store.open("fit", rung.key).arrays("test")["probabilities"]
    assert before.jobs[rung.key].predicts == ("test",) and not finished(rung, store)  # type: ignore[union-attr]
    executor = Counting()
    run_plan(after, executor, site(tmp_path))
    assert rung.key in {j.key for j in executor.jobs} and finished(rung, store)
    assert np.array_equal(store.open("fit", rung.key).arrays("test")["probabilities"], answers)


METHOD = '''"""A method that does as a file beside it says."""

import os
from pathlib import Path

from w2s_bench.method import Method, MethodCard, cross_entropy

FLAG = Path(__file__).with_name("flag")


class Mine(Method):
    """Fails while the flag is there."""

    card = MethodCard(title="Mine", paper="none", formula="CE")

    def loss(self, logits, weak, mask, context):
        if FLAG.is_file():
            {failure}
        return cross_entropy(logits, weak)
'''


EXITS = """

def _leave(row):
    import os
    from pathlib import Path

    if Path(__file__).with_name("flag").is_file():
        os._exit(7)
    return _kept.example(row)


from dataclasses import replace

_kept = TASK
TASK = replace(TASK, example=_leave)
"""


def failing(folder: Path, failure: str) -> tuple[Plan, Path]:
    """A plan whose third method fails while the flag file is there."""
    folder.mkdir(exist_ok=True)
    (folder / "mine.py").write_text(METHOD.replace("{failure}", failure))
    (folder / "flag").touch()
    return tiny(method=f'"{folder}/mine.py:Mine"', seeds="[0, 1]"), folder / "flag"


@pytest.mark.parametrize(
    "failure, told",
    [
        ("return logits", r"method Mine: loss() gave shape"),
        ("return logits.sum() * float('nan')", "method Mine: the loss is nan"),
        ("raise RuntimeError('out of ideas')", "method Mine: loss() raised RuntimeError: out of ideas"),
        ("raise SystemExit(3)", "method Mine: loss() raised SystemExit: 3"),
        ("from w2s_bench.errors import UserError; raise UserError('no luck')", "method Mine: no luck"),
    ],
)
def test_a_failing_method_is_told_and_the_rest_goes_on(tmp_path: Path, failure: str, told: str) -> None:
    plan, flag = failing(tmp_path / "code", failure)
    first = Counting()
    tally = run_plan(plan, first, site(tmp_path))
    assert {f.job.key for f in tally.failures} == {j.key for j in fits(plan) if "mine.py" in j.method}
    assert len(tally.failures) == 2 and all(told in f.reason and not f.skipped for f in tally.failures)
    assert len(first.jobs) == len(plan.jobs), "everything else was run"
    store = Store(tmp_path / "store")
    assert {j.key for j in plan.to_run(store)} == tally.reasons.keys(), "finished jobs are kept"
    assert not list((tmp_path / "store").rglob(".draft-*"))
    cells = marked(plan.cells, tally.reasons)
    assert {c.method for c in cells if c.failed} == {c.method for c in cells if "mine.py" in c.method}
    assert all(told in c.failed for c in cells if c.failed)
    flag.unlink()
    second = Counting()
    assert run_plan(plan, second, site(tmp_path)).failures == ()
    assert {j.key for j in second.jobs} == tally.reasons.keys(), "running again tries the failed jobs only"


def test_bad_data_stops_the_run(tmp_path: Path) -> None:
    """What is wrong with data or a teacher is wrong for all methods."""
    plan, _ = failing(tmp_path / "code", "return logits")
    split = next(j for j in plan.jobs.values() if isinstance(j, SplitJob))
    too_many = replace(split, data=split.data.model_copy(update={"teacher": 1_000_000}))
    broken = replace(
        plan, jobs={split.key: too_many} | {k: j for k, j in plan.jobs.items() if j is not split}
    )
    with pytest.raises(UserError, match="too few rows"):
        run_plan(broken, Counting(), site(tmp_path))


def test_whoever_needs_a_failed_job_is_skipped(tmp_path: Path) -> None:
    """A chain whose first rung fails: the student above it is never tried, and its cell says why."""
    code = tmp_path / "code"
    code.mkdir()
    body = METHOD.replace("{failure}", "return logits").replace(
        'formula="CE")\n', 'formula="CE")\n    inputs = frozenset({"weak", "ladder"})\n'
    )
    (code / "mine.py").write_text(body)
    (code / "flag").touch()
    grid = NLP.replace(
        '"llama:16x1"]', '"llama:16x1", "llama:32x1"]\nteachers = ["bow"]\nstudents = ["llama:32x1"]'
    )
    plan, executor = tiny(grid, method=f'"{code}/mine.py:Mine"'), Counting()
    tally = run_plan(plan, executor, site(tmp_path))
    rung, top = tally.failures
    assert (rung.skipped, top.skipped) == (False, True)
    assert "needs what failed: method Mine" in top.reason and top.job not in executor.jobs
    assert [c.student_key for c in marked(plan.cells, tally.reasons) if c.failed] == [top.job.key]


@pytest.mark.parametrize(
    "failure, told",
    [
        ("os._exit(7)", "its process died (exit status 7)"),
        ("import time; time.sleep(600)", "no end after 8 seconds: its process was ended"),
    ],
)
def test_a_worker_that_dies_or_hangs_is_replaced(tmp_path: Path, failure: str, told: str) -> None:
    plan, _ = failing(tmp_path / "code", failure)
    tally = run_plan(plan, LocalExecutor(2), replace(site(tmp_path), limit=8.0))
    assert len(tally.failures) == 2 and all(told in f.reason for f in tally.failures), tally.reasons
    assert all("mine.py:Mine" in f.reason and "\n" not in f.reason for f in tally.failures)
    assert {j.key for j in plan.to_run(Store(tmp_path / "store"))} == tally.reasons.keys()


def test_a_dead_process_on_the_side_of_gold_is_one_clear_error(tmp_path: Path) -> None:
    task = tmp_path / "dies.py"
    source = (Path(__file__).parents[2] / "tasks" / "nlp" / "polarity_generated.py").read_text()
    task.write_text(source + EXITS)
    plan = tiny(NLP.replace("nlp/polarity-generated", f"{task}:TASK"))
    (tmp_path / "flag").touch()
    with pytest.raises(UserError) as caught:
        run_plan(plan, LocalExecutor(1), site(tmp_path))
    line = str(caught.value)
    assert "a worker process died (exit status 7)" in line and "split" in line and "--workers" in line
    assert "\n" not in line


def test_a_process_that_does_not_start_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a machine slept meanwhile."""
    monkeypatch.setattr("w2s_bench.run.workers.STARTING", 0.001)
    with pytest.raises(UserError, match="did not start"):
        run_plan(tiny(), LocalExecutor(1), site(tmp_path))


class Threads:
    """Two slots; the first job ends only when a second one has been handed over."""

    slots = 2

    def __init__(self, interrupt_at: int | None = None) -> None:
        self.pool, self.lock, self.second = ThreadPoolExecutor(4), Lock(), Event()
        self.unfinished: list[Future[str]] = []
        self.done: list[str] = []
        self.interrupt_at = interrupt_at
        self.waited: bool | None = None

    def submit(self, job: Job, site: RunSettings) -> Future[str]:
        assert set(job.needs) <= set(self.done), "a job was started before what it needs"
        self.unfinished = [f for f in self.unfinished if not f.done()]
        if self.unfinished:
            self.second.set()
        self.unfinished.append(self.pool.submit(self.work, job))
        assert len(self.unfinished) <= self.slots
        return self.unfinished[-1]

    def work(self, job: Job) -> str:
        assert self.second.wait(60), "one slot stays empty"
        with self.lock:
            if len(self.done) == self.interrupt_at:
                raise KeyboardInterrupt
            self.done.append(job.key)
        return job.key

    def close(self, *, wait: bool) -> None:
        self.waited = wait


def test_jobs_start_when_what_they_need_is_there(tmp_path: Path) -> None:
    plan, executor, told = tiny(seeds="[0, 1]"), Threads(), []
    tally = run_plan(plan, executor, site(tmp_path), told.append)
    assert tally.run == len(fits(plan)) and len(executor.done) == len(plan.jobs)
    assert {j.key for j in told} == plan.jobs.keys() and executor.waited is True


def test_an_interrupt_drops_the_rest(tmp_path: Path) -> None:
    executor = Threads(interrupt_at=3)
    with pytest.raises(KeyboardInterrupt):
        run_plan(tiny(seeds="[0, 1]"), executor, site(tmp_path))
    assert len(executor.done) == 3 and executor.waited is False


def test_students_never_open_gold(ran: Ran) -> None:
    assert ran.opened.keys() == ran.plan.jobs.keys()
    for job in ran.plan.jobs.values():
        opened = ran.opened[job.key]
        gold = [what for what in opened if what.startswith("gold")]
        if isinstance(job, SplitJob):
            assert not opened
        elif job.role == "student":
            assert not gold, job.title
            assert opened.count("fit") == 1, "the labels, and no other fit"
        else:
            assert gold == ["gold", f"gold of {job.part}"], "gold of its own part, never of the test set"
            assert "fit" not in opened


@NEEDS_TACTICS
def test_all_three_domains_were_run(ran: Ran) -> None:
    assert {j.domain for j in fits(ran.plan)} == {"nlp", "chess", "reward"}


def test_gold_and_items_are_told_apart_on_disk(ran: Ran) -> None:
    store = Store(ran.folder / "store")
    for job in ran.plan.jobs.values():
        if isinstance(job, FitJob):
            assert set(store.open("fit", job.key).names()) == {"fit", "timing", *job.predicts} | (
                {"greedy"} if job.domain == "chess" and job.model.startswith("llama") else set()
            )
        else:
            for path in store.folder("items", job.key).iterdir():
                assert b"gold" not in path.read_bytes()


def test_records_say_what_the_predictions_say(ran: Ran) -> None:
    store = Store(ran.folder / "store")
    records: list[ScoreRecord] = load_lines(ScoreRecord, ran.folder / RECORDS)
    assert [r.key for r in records] == sorted(j.key for j in fits(ran.plan))
    for record in records:
        job = ran.plan.jobs[record.key]
        assert isinstance(job, FitJob)
        gold = load_gold(store, job.split, "test")
        probabilities = store.open("fit", job.key).arrays("test")["probabilities"]
        assert record.accuracy == pytest.approx(float((probabilities.argmax(1) == gold).mean()))
        assert (record.n_train, record.n_test, len(record.loss)) == (job.data.transfer, len(gold), 2)
        assert record.parameters > 0 and all(np.isfinite(record.loss))
        if record.role != "student":
            assert record.label_accuracy == 1 and record.labels_from is None
            continue
        labels = store.open("fit", record.labels_from or "").arrays(job.part)["probabilities"]
        agree = float((labels.argmax(1) == load_gold(store, job.split, job.part)).mean())
        assert record.label_accuracy == pytest.approx(agree)
    greedy = {r.model for r in records if "greedy_accuracy" in r.metrics}
    assert greedy == ({"llama:16x1"} if TACTICS.is_file() else set())


def test_predictions_of_every_item_are_kept(ran: Ran) -> None:
    store = Store(ran.folder / "store")
    table = pyarrow.parquet.read_table(ran.folder / PREDICTIONS).to_pandas()
    assert set(table["key"]) == {j.key for j in fits(ran.plan)}
    for job in fits(ran.plan):
        part = table[table["key"] == job.key]
        assert list(part["item"]) == [i.id for i in load_items(store, job.split, "test")]
        assert list(part["gold"]) == load_gold(store, job.split, "test").tolist()
        probabilities = store.open("fit", job.key).arrays("test")["probabilities"]
        assert list(part["picked"]) == probabilities.argmax(1).tolist()
        expected = probabilities[np.arange(len(part)), part["gold"]]
        assert part["gold_probability"].to_numpy() == pytest.approx(expected)


def test_cells_join_three_records_of_one_task(ran: Ran) -> None:
    run = load_run(ran.folder)
    by_key = {r.key: r for r in run.records}
    cells: list[CellRecord] = load_lines(CellRecord, ran.folder / CELLS)
    assert cells == ran.plan.cells and len(cells) == len(
        {(c.task, c.teacher, c.student, c.method) for c in cells}
    )
    for cell in cells:
        teacher, student, ceiling = (
            by_key[k] for k in (cell.teacher_key, cell.student_key, cell.ceiling_key)
        )
        assert (teacher.role, student.role, ceiling.role) == ("teacher", "student", "ceiling")
        assert {r.task for r in (teacher, student, ceiling)} == {cell.task}
        assert teacher.model == cell.teacher and student.model == ceiling.model == cell.student


def test_a_store_that_lost_the_labels_says_so(tmp_path: Path) -> None:
    plan = tiny()
    student = fits(plan, "student")[0]
    assert student.labels is not None
    execute(plan.jobs[student.split], site(tmp_path))
    with pytest.raises(UserError, match=rf"no fit {student.labels}.*Run the suite again"):
        execute(student, site(tmp_path))


def test_an_unavailable_device_is_named(tmp_path: Path) -> None:
    plan = tiny()
    first = next(iter(plan.jobs.values()))
    execute(first, site(tmp_path))
    with pytest.raises(UserError, match=r"device 'tpu' is not available.*expected one of cpu.*--device"):
        execute(fits(plan)[0], replace(site(tmp_path), device="tpu"))
