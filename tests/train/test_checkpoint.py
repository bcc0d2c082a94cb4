"""Jobs that go on from their checkpoint: the same bytes as if nothing had happened, for every method."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from w2s_bench.contract.requests import request
from w2s_bench.method import (
    RELABEL,
    VALIDATION,
    WEAK,
    Context,
    Inputs,
    Method,
    MethodCard,
    Student,
    cross_entropy,
)
from w2s_bench.plan.job import FitJob
from w2s_bench.plan.plan import make_plan
from w2s_bench.records import Domain
from w2s_bench.registry.items import items
from w2s_bench.run import ray_executor
from w2s_bench.run.checkpoint_store import CheckpointStore
from w2s_bench.run.ray_executor import in_task
from w2s_bench.run.student_process import fit_student
from w2s_bench.run.workers import Worker
from w2s_bench.suite import load_suite
from w2s_bench.train import checkpoint as checkpoints
from w2s_bench.train import checkpoint_data
from w2s_bench.train import fit as fit_module
from w2s_bench.train.checkpoint import Checkpoint
from w2s_bench.train.fit import fit
from w2s_bench.train.fit_request import FitRequest, FitResult


@pytest.fixture(autouse=True)
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Diaries are kept at every step, whatever it costs."""
    monkeypatch.setattr(checkpoints, "PAUSE", 0.0)


def result(given: FitRequest, before: bytes | None = None) -> tuple[FitResult, list[bytes]]:
    """What comes of a lesson, and all checkpoints that were kept meanwhile."""
    kept: list[bytes] = []
    return fit(given, Checkpoint(before, 0.0, kept.append)), kept


def same(one: FitResult, other: FitResult) -> None:
    """Times aside, to the bit."""
    assert one.epoch_loss == other.epoch_loss
    for name in ("arrays", "adapter"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.keys() == theirs.keys()
        assert all(np.array_equal(mine[part], theirs[part]) for part in mine), name
    assert len(one.curve) == len(other.curve)
    for (share, picked), (other_share, other_picked) in zip(one.curve, other.curve, strict=True):
        assert share == other_share and np.array_equal(picked, other_picked)


def a_job() -> FitJob:
    """One of a plan."""
    plan = make_plan(load_suite("quick")[0], None)
    return next(job for job in plan.jobs.values() if isinstance(job, FitJob))


def check(given: FitRequest, moments: int) -> None:
    """Interrupted at some of its steps, the last one among them, a lesson ends as undisturbed."""
    whole, kept = result(given)
    same(whole, fit(given))
    last = len(kept) - 1
    for k in {last, *Random(0).sample(range(len(kept)), min(moments, len(kept)))} if kept else ():
        again, later = result(given, kept[k])
        same(whole, again)
        assert len(later) == last - k, "steps were done again"


@pytest.mark.parametrize("method", items("method"))
def test_every_method_goes_on_as_if_nothing_had_happened(method: str) -> None:
    check(request("nlp", method), 2)


@pytest.mark.parametrize("method", ["naive", "co-teaching", "early-stopping", "adaptconf", "raven"])
@pytest.mark.parametrize("domain", ["chess", "reward"])
def test_other_domains_too(method: str, domain: Domain) -> None:
    check(request(domain, method), 1)


def test_a_curve_adapters_and_a_language_stage_go_on_too() -> None:
    given = request("nlp", "generative")
    check(replace(given, stage={"epochs": 1, "rate": 1.0}, training=given.training | {"curve": 2}), 4)
    check(replace(given, training=given.training | {"lora": {"rank": 2}}), 2)


class Asks(Method):
    """A method of which a test says what it does."""

    card = MethodCard(title="asks", paper="none", formula="none", checked="in a test")
    inputs = frozenset({WEAK, RELABEL, VALIDATION})

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.seen = 0

    def learn(self, student: Student, inputs: Inputs) -> None:
        """As the test says."""
        script(self, student, inputs)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Weighs later batches more, which it counts itself."""
        self.seen += 1
        return cross_entropy(logits, weak) * (1 + self.seen / 100)


METHOD = Asks
script: Any = None


def asking(how: Any, monkeypatch: pytest.MonkeyPatch) -> FitRequest:
    """A lesson whose method does this."""
    monkeypatch.setattr(f"{__name__}.script", how)
    monkeypatch.setattr(fit_module, "load_method", lambda name, options: Asks())
    given = request("nlp", "early-stopping")
    return replace(given, training=given.training | {"epochs": 2})


def test_a_loss_that_counts_and_a_snapshot_within_a_fit_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def how(method: Asks, student: Student, inputs: Inputs) -> None:
        early = []

        def hook(called: int) -> Tensor:
            if called == 1:
                early.append(student.snapshot())
            return (inputs.weak + student.predict()) / 2

        student.fit(inputs.weak, on_epoch=hook, per_epoch=3)
        student.restore(early[0])
        student.fit(student.predict(), fresh=False, head_only=True)

    check(asking(how, monkeypatch), 5)


def test_a_fit_without_any_epoch_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def how(method: Asks, student: Student, inputs: Inputs) -> None:
        before = student.predict()
        student.fit(inputs.weak, epochs=0)
        assert (student.predict() == before).all()
        student.fit(inputs.weak)

    check(asking(how, monkeypatch), 2)


def test_a_training_within_a_training_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def how(method: Asks, student: Student, inputs: Inputs) -> None:
        twin = student.twin()

        def hook(called: int) -> Tensor:
            twin.fit(student.predict(), fresh=called == 0, epochs=1)
            return twin.predict()

        student.fit(inputs.weak, on_epoch=hook)

    check(asking(how, monkeypatch), 5)


def test_a_method_that_decides_otherwise_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def how(weight: float) -> Any:
        def decided(method: Asks, student: Student, inputs: Inputs) -> None:
            student.fit(inputs.weak, epochs=1)
            student.fit((1 - weight) * inputs.weak + weight * student.predict(), epochs=1)

        return decided

    _, kept = result(asking(how(0.5), monkeypatch))
    changed = asking(how(0.25), monkeypatch)
    again, later = result(changed, kept[-1])
    same(again, fit(changed))
    assert len(later) == len(kept), "all steps were done"


@pytest.mark.parametrize("around", [[0], {"steps": 0}, np.zeros(1)], ids=["list", "dict", "array"])
def test_a_loss_that_remembers_elsewhere_keeps_no_checkpoint(
    around: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def how(method: Asks, student: Student, inputs: Inputs) -> None:
        def loss(logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
            around["steps" if isinstance(around, dict) else 0] += 1
            return cross_entropy(logits, weak)

        student.fit(inputs.weak, loss=loss)

    assert result(asking(how, monkeypatch))[1] == []


def test_a_method_that_declares_its_losses_stateless_resumes_with_any_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the declaration no fit with a loss of its own keeps a checkpoint, whatever the loss holds."""

    def script(method: Asks, student: Student, inputs: Inputs) -> None:
        student.fit(inputs.weak, loss=lambda logits, weak, mask, context: cross_entropy(logits, weak))

    assert result(asking(script, monkeypatch))[1] == []
    monkeypatch.setattr(Asks, "stateless_losses", True)
    check(asking(script, monkeypatch), 2)


def test_a_loss_that_counts_in_a_variable_around_it_keeps_no_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def how(method: Asks, student: Student, inputs: Inputs) -> None:
        steps = 0

        def loss(logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
            nonlocal steps
            steps += 1
            return cross_entropy(logits, weak) * steps

        student.fit(inputs.weak, loss=loss)

    assert result(asking(how, monkeypatch))[1] == []


def test_an_attribute_of_another_kind_ends_the_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    def how(method: Asks, student: Student, inputs: Inputs) -> None:
        student.fit(inputs.weak, epochs=1)
        method.history = [1]  # type: ignore[attr-defined]
        student.fit(inputs.weak, epochs=1)

    given = asking(how, monkeypatch)
    whole, kept = result(given)
    assert len(kept) == 6, "of the first fit alone"
    same(whole, result(given, kept[-1])[0])


def test_a_checkpoint_of_another_version_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given = request("nlp", "naive")
    _, kept = result(given)
    monkeypatch.setattr(checkpoint_data, "SCHEMA", 99)
    assert len(result(given, kept[-1])[1]) == len(kept)


def test_a_checkpoint_s_pause_grows_with_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE", 1e9)
    assert len(result(request("nlp", "naive"))[1]) == 1


def test_a_checkpoint_for_which_there_is_no_memory_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    given = request("nlp", "naive")
    whole, kept = result(given)
    free = SimpleNamespace(available=3 * len(kept[0]))
    monkeypatch.setattr(checkpoint_data.psutil, "virtual_memory", lambda: free)
    found, none = result(given)
    assert kept and not none
    same(whole, found)


def test_a_worker_tells_its_checkpoint_and_another_goes_on(tmp_path: Path) -> None:
    given, checkpoints = request("nlp", "naive"), CheckpointStore(tmp_path, a_job(), 0.0)
    whole = fit(given)
    first, second = Worker("student"), ("student", (1, "cpu"))
    try:
        call = fit_student, given, 1, checkpoints.every
        same(whole, first.call(*call, on_value=checkpoints.save))
        before = checkpoints.read()
        assert before is not None and len(before) > 10_000
        # The same in a task of Ray: whoever stands by the worker keeps and reads it, on whichever node.
        read: list[bytes | None] = []

        def latest() -> bytes | None:
            read.append(checkpoints.read())
            return read[-1]

        how = {"on_value": checkpoints.save, "last_argument": latest}
        failed, found = in_task({}, *second, how, fit_student, given, 1, 0.0)
        assert not failed
        same(whole, found)
        assert read == [before], "read where the task is, when it starts"
        assert checkpoints.read() != before
    finally:
        first.end()
        for _, worker in ray_executor._workers.values():
            worker.end()
        ray_executor._workers.clear()
    checkpoints.delete()
    assert checkpoints.read() is None


def test_a_checkpoint_that_cannot_be_written_costs_nothing_but_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    checkpoints = CheckpointStore(tmp_path / "file", a_job(), 0.0)
    same(fit(request("nlp", "naive")), fit(request("nlp", "naive"), checkpoints.checkpoint()))
    assert checkpoints.read() is None
