"""Gold cannot leak: canaries that search the process of a method, and a control that shows that they sing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from w2s_bench.api import run_suite
from w2s_bench.data.splits import load_gold, load_items
from w2s_bench.plan.job import FitJob
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.run.execute import execute
from w2s_bench.run.executors import Executor, InlineExecutor, LocalExecutor
from w2s_bench.run.scheduler import Tally, run_plan
from w2s_bench.run.settings import RunSettings
from w2s_bench.run.workers import Worker
from w2s_bench.store.local import Store
from w2s_bench.suite import parse_suite

SUITE = """
name = "canary"
version = 1
seeds = [0]
methods = ["{method}"]
data = {{ teacher = 40, transfer = 37, validation = 11, test = 31, companion = 23 }}
training = {{ epochs = 1, batch_size = 8, max_length = 64 }}
[[grid]]
tasks = ["{task}"]
models = [{{ name = "bow", learning_rate = 0.05 }}, "zoo:text/16x1"]
"""
STORE = "store-of-the-canary"
# The canary knows digests of the gold labels, never the labels, and the store's name backwards: finding
# either in its own module would prove nothing.
CANARY = '''"""A method that looks everywhere for gold."""

import gc
import hashlib
import os
import os
import sys
from pathlib import Path

import numpy as np
import torch

from w2s_bench.method import (
    PRIOR, RELABEL, STATES, TAGS, TEACHERS, TEXTS, VALIDATION, WEAK, Method, MethodCard, cross_entropy
)

DIGESTS = {digests}
LENGTHS = {lengths}
BACKWARDS = "{backwards}"
PLAIN = (str, bytes, int, float, bool, type(None))


def digest(values):
    return hashlib.sha256(np.asarray(values, dtype=np.int64).tobytes()).hexdigest()


def readings(thing):
    """Whatever could be read as N labels: integers, or the best option of N rows; either way round."""
    try:
        if issubclass(type(thing), torch.Tensor):
            thing = thing.detach().cpu().float().numpy()
        if type(thing) in (list, tuple):
            if len(thing) not in LENGTHS or not all(type(v) in (int, float, bool) for v in thing):
                return
            thing = np.array(thing)
        if type(thing) in (bytes, bytearray):
            thing = np.frombuffer(thing, dtype=np.uint8)
        if type(thing) is not np.ndarray or thing.dtype == object or thing.ndim not in (1, 2):
            return
        if len(thing) in LENGTHS:
            yield thing if thing.ndim == 1 else thing.argmax(1)
    except (TypeError, ValueError, RuntimeError):
        return


def frames():
    """Local variables of all functions that are running, in all threads."""
    for frame in sys._current_frames().values():
        while frame is not None:
            yield from list(frame.f_locals.values())
            frame = frame.f_back


def things():
    """Every object of the process: those that the collector tracks, local variables, and what they hold."""
    seen, open_ = set(), [gc.get_objects(), list(frames())]
    while open_:
        for thing in open_.pop():
            if id(thing) not in seen and thing is not seen and thing is not open_:
                seen.add(id(thing))
                yield thing
                if type(thing) not in PLAIN:
                    open_.append(gc.get_referents(thing))


def search():
    found = []
    for thing in things():
        for values in readings(thing):
            if digest(values) in DIGESTS or digest(1 - values) in DIGESTS:
                found.append("labels in a " + type(thing).__name__)
        if type(thing).__module__ in ("w2s_bench.data.splits", "w2s_bench.store.local"):
            found.append("object " + type(thing).__name__)
        if type(thing) is str or issubclass(type(thing), Path):
            mark = BACKWARDS[::-1]
            if mark in str(thing) and str(thing) != mark:
                found.append("place " + str(thing)[-80:])
    for folder, _, files in os.walk("."):
        found += ["file " + os.path.join(folder, f) for f in files]
    if BACKWARDS[::-1] in os.getcwd():
        found.append("place: the working folder")
    return found


def told(found):
    """Kinds of findings, and the first of each."""
    first = {{}}
    for one in found:
        kind, _, what = one.partition(" ")
        first.setdefault(kind, kind + " " + what[-60:])
    return "found " + "; ".join(first.values())


class Mine(Method):
    """Searches before, during and after a fit."""

    card = MethodCard(title="Canary", paper="none", formula="none")
    inputs = frozenset(
        {{WEAK, TEACHERS, STATES, PRIOR, RELABEL, VALIDATION, TAGS, TEXTS}}
    )

    def learn(self, student, inputs):
        self.kept = [inputs.teachers, inputs.states, inputs.prior, inputs.validation, inputs.tags]
        found = search()
        student.fit(inputs.weak, on_epoch=lambda epoch: found.extend(search()) or None)
        student.predict()
        found += search()
        if found:
            raise RuntimeError(told(found))

    def loss(self, logits, weak, mask, context):
        if context.step == 0 and (found := search()):
            raise RuntimeError(told(found))
        return cross_entropy(logits, weak)
'''
PARTS = ("transfer", "validation", "test", "companion-1")
# Its companion is another draw of the same world, so that the same classes answer it.
TASK = '''"""A task with a companion."""
from dataclasses import replace
from w2s_bench.sources import GeneratedSource
from w2s_bench.task import load_task

POLARITY = load_task("nlp/polarity-generated")
OTHER = replace(
    POLARITY,
    card=replace(POLARITY.card, name="nlp/other", test_only=True),
    source=replace(POLARITY.source, seed=77, size=400),
)
MAIN = replace(POLARITY, card=replace(POLARITY.card, name="nlp/main", companions=(f"{__file__}:OTHER",)))
'''


def digest(gold: NDArray[np.int64]) -> str:
    return hashlib.sha256(gold.astype(np.int64).tobytes()).hexdigest()


def site(folder: Path) -> RunSettings:
    return RunSettings(store=folder / STORE, device="cpu", limit=300)


def canary(folder: Path) -> tuple[Plan, dict[str, NDArray[np.int64]]]:
    """The plan of a suite whose method is the canary, and the gold that it must not find."""
    code = folder / "code"
    code.mkdir()
    (code / "task.py").write_text(TASK)
    task = f"{code}/task.py:MAIN"
    plain = make_plan(parse_suite(SUITE.format(method="naive", task=task), "canary.toml"), None)
    split = next(iter(plain.jobs.values()))
    execute(split, site(folder))
    gold = {part: load_gold(Store(folder / STORE), split.key, part) for part in PARTS}
    text = CANARY.format(
        digests={digest(g) for g in gold.values()} | {digest(1 - g) for g in gold.values()},
        lengths={len(g) for g in gold.values()},
        backwards=STORE[::-1],
    )
    (code / "mine.py").write_text(text)
    suite = SUITE.format(method=f"{code}/mine.py:Mine", task=task)
    return make_plan(parse_suite(suite, "canary.toml"), None), gold


def sung(folder: Path, executor: Executor, plan: Plan) -> Tally:
    return run_plan(plan, executor, site(folder))


def test_a_method_finds_no_gold_in_its_process_or_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the store named on the command line, in a setting, and below the parent's working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("W2S_STORE", str(tmp_path / STORE))
    monkeypatch.setattr(sys, "argv", ["w2s-bench", "run", "--store", str(tmp_path / STORE)])
    plan, _ = canary(tmp_path)
    tally = sung(tmp_path, LocalExecutor(2), plan)
    assert tally.failures == (), tally.reasons
    assert any("mine.py" in j.method for j in plan.jobs.values() if isinstance(j, FitJob))


def test_the_canary_sings_where_gold_is(tmp_path: Path) -> None:
    """The same method in this process, which holds the gold that it searches for."""
    plan, gold = canary(tmp_path)
    tally = sung(tmp_path, InlineExecutor(), plan)
    (failure,) = tally.failures
    assert gold and "labels in a" in failure.reason and "place" in failure.reason


def test_the_canary_sees_a_file_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, gold = canary(tmp_path)
    del gold
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "answers.txt").write_text("1")
    monkeypatch.chdir(tmp_path / "here")
    (failure,) = sung(tmp_path, InlineExecutor(), plan).failures
    assert "answers.txt" in failure.reason


def test_shuffled_weak_labels_destroy_the_gain(tmp_path: Path) -> None:
    text = SUITE.format(method="naive", task="nlp/polarity-generated").replace(
        'methods = ["naive"]', 'methods = ["naive"]\nreferences = ["shuffled-labels"]'
    )
    text = text.replace("teacher = 40, transfer = 37", "teacher = 400, transfer = 400")
    text = text.replace("test = 31", "test = 200").replace("batch_size = 8", "batch_size = 32")
    text = text.replace('{ name = "bow", learning_rate = 0.05 }', '"zoo:text/32x1"').replace("16x1", "64x2")
    (tmp_path / "s.toml").write_text(text)
    done = run_suite(
        str(tmp_path / "s.toml"), RunSettings(out=tmp_path / "run", store=tmp_path / "store", workers=1)
    )
    right = {r.method: r.student_accuracy for r in done.rows if r.task}
    assert right["naive"] is not None and right["shuffled-labels"] is not None
    assert right["naive"] > 0.8 > 0.65 > right["shuffled-labels"]


def test_the_gold_of_a_budget_is_of_the_teacher_half_alone(tmp_path: Path) -> None:
    from w2s_bench.run.fit_io import request_of

    text = SUITE.format(method="oracle-early-stopping", task="nlp/polarity-generated").replace(
        '"oracle-early-stopping"', '{ name = "oracle-early-stopping", labels = 7 }'
    )
    plan, store = make_plan(parse_suite(text, "t.toml"), None), Store(tmp_path / STORE)
    run_plan(plan, InlineExecutor(), site(tmp_path))
    (job,) = [j for j in plan.jobs.values() if isinstance(j, FitJob) and "oracle" in j.method]
    request = request_of(job, store, "cpu")
    assert request.gold is not None and len(request.gold) == 7
    teacher = load_items(store, job.split, "teacher")[:7]
    assert request.items["budget"] == teacher
    assert request.gold.argmax(1).tolist() == load_gold(store, job.split, "teacher")[:7].tolist()
    assert all(cell.uses_gold and cell.reference for cell in plan.cells)


IMPORTS = """
import sys
import w2s_bench.run.student_process
print(sorted(m for m in sys.modules if m.startswith("w2s_bench")))
"""


def test_the_process_of_a_method_knows_no_store() -> None:
    """What it imports cannot open the store, draw a split, or score."""
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True)
    modules: list[Any] = eval(done.stdout)
    assert "w2s_bench.run.student_process" in modules
    assert not {
        f"w2s_bench.{m}"
        for m in (
            "store.local",
            "store.remote",
            "data.splits",
            "metrics",
            "results.run_folder",
            "run.fit_io",
        )
    } & {*modules}


def test_a_worker_has_the_settings_of_this_moment_and_a_student_s_none_that_lead_to_gold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server that workers are forked from may have started before the settings changed."""
    for value in ("first", "second"):
        monkeypatch.setenv("W2S_OF_TODAY", value)
        monkeypatch.setenv("W2S_STORE", "/somewhere")
        gold, student = Worker("gold"), Worker("student")
        try:
            assert [w.call(os.getenv, "W2S_OF_TODAY") for w in (gold, student)] == [value, value]
            assert [w.call(os.getenv, "W2S_STORE") for w in (gold, student)] == ["/somewhere", None]
        finally:
            gold.end()
            student.end()
