"""Fits spread over two processes, gloo on 127.0.0.1, whole and with adapters, against one process alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from support.tiny_models import tiny_gpt2
from support.tiny_runs import fits, site

from w2s_bench.errors import BadModel, BadSuite
from w2s_bench.model import Batch, Shape, build_model
from w2s_bench.plan.job import FitJob
from w2s_bench.plan.plan import make_plan
from w2s_bench.run.execute import run_with_gold
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.run.fit_io import request_of, save_result
from w2s_bench.run.scheduler import run_plan
from w2s_bench.run.student_process import fit_student
from w2s_bench.run.workers import Died, WorkerGroup
from w2s_bench.store.local import Store
from w2s_bench.suite import Grid, Lora, ModelUse, Training, parse_suite
from w2s_bench.task import Item
from w2s_bench.train.fsdp import take
from w2s_bench.train.lora import adapt, adapter_of

SUITE = """
name = "spread"
version = 1
seeds = [0]
methods = ["high-confidence-retrain", "generative", "confidence"]
data = {{ teacher = 20, transfer = 20, validation = 0, test = 15 }}
training = {{ epochs = 2, batch_size = 7, max_length = 64, learning_rate = 0.005 }}
[[grid]]
tasks = ["nlp/polarity-generated"]
methods = ["high-confidence-retrain"]
models = ["bow", "zoo:text/16x1"]
[[grid]]
tasks = ["nlp/polarity-generated"]
methods = ["generative"]
models = ["bow", {{ name = "hf:{gpt2}", lora = {{ rank = 4, alpha = 8 }} }}]
[[grid]]
tasks = ["reward/polarity-generated"]
methods = ["confidence"]
models = ["bow", {{ name = "hf:{gpt2}", micro_batch = 4 }}]
"""
# Batches of 7, 7 and 6: dealt unevenly, and the first never balanced: where it is, the gradient of the
# head's bias is zero but for rounding, and AdamW's first step makes of 1e-9 a tenth of the learning rate.
NEAR = 1e-4
LORA = Training(lora=Lora(rank=2))
SHAPE = Shape(domain="nlp", classes=("no", "yes"), max_length=32)


@pytest.fixture(scope="module")
def group() -> Iterator[WorkerGroup]:
    made = WorkerGroup("student", 2, "cpu")
    yield made
    made.end()


@dataclass(frozen=True)
class Spread:
    """Fits of one plan, kept by one process and by two."""

    jobs: list[FitJob]
    alone: Store
    two: Store


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory, group: WorkerGroup) -> Spread:
    folder = tmp_path_factory.mktemp("spread")
    plan = make_plan(parse_suite(SUITE.format(gpt2=tiny_gpt2(folder / "gpt2")), "spread.toml"), None)
    run_plan(plan, InlineExecutor(), site(folder / "alone"))
    alone, two = (Store(folder / which / "store") for which in ("alone", "two"))
    jobs = [j for j in fits(plan) if not j.model.startswith("bow")]
    for split in {j.split for j in jobs}:
        group.call(run_with_gold, plan.jobs[split], replace(site(folder / "two"), shards=2))
    for job in jobs:
        if job.sees_gold:
            group.call(run_with_gold, job, replace(site(folder / "two"), shards=2))
        else:
            save_result(two, job, group.call(fit_student, request_of(job, alone, "cpu"), 1, limit=100.0))
    return Spread(jobs, alone, two)


def test_two_processes_learn_what_one_does(spread: Spread) -> None:
    """Losses of every epoch and all predictions, for methods that look at whole batches, train twice and read
    before; the least differences would be those of chance."""
    assert {(j.role, "lora" in j.training) for j in spread.jobs} == {
        (role, adapted) for role in ("ceiling", "student") for adapted in (True, False)
    }
    for job in spread.jobs:
        one, two = (store.open("fit", job.key) for store in (spread.alone, spread.two))
        assert one.names() == two.names(), job.title
        assert two.json("fit")["parameters"] == one.json("fit")["parameters"]
        assert two.json("fit")["epoch_loss"] == pytest.approx(one.json("fit")["epoch_loss"], abs=NEAR), (
            job.title
        )
        for part in job.predicts:
            mine, theirs = (a.arrays(part)["probabilities"] for a in (one, two))
            assert np.abs(mine - theirs).max() < NEAR, job.title


def test_adapters_and_the_head_are_the_artifact(spread: Spread) -> None:
    """They make the trained student from its pretrained model, and are the same from two processes."""
    adapted = [j for j in spread.jobs if "lora" in j.training]
    for job in adapted:
        found, other = (s.open("fit", job.key).arrays("adapter") for s in (spread.alone, spread.two))
        assert found.keys() == other.keys() and "head.weight" in found
        assert all("lora_" in name or name.startswith("head.") for name in found)
        assert max(np.abs(found[n] - other[n]).max() for n in found) < NEAR
        assert any(np.abs(v).max() > 1e-3 for n, v in found.items() if "lora_B" in n), "they were trained"
    plain = [j for j in spread.jobs if j not in adapted]
    assert plain and not any("adapter" in spread.two.open("fit", j.key).names() for j in plain)


def test_new_adapters_change_no_answer_and_leave_the_rest() -> None:
    plain, adapted = (build_model("zoo:text/16x1", SHAPE, 3) for _ in range(2))
    adapt(adapted, LORA, 3)
    before = {n: p.clone() for n, p in adapted.named_parameters() if not p.requires_grad}
    items = [Item(id="a", prompt="good day", options=("no", "yes"))]
    batch = plain.collate(plain.encode(items))
    assert torch.equal(plain.last_states(batch), adapted.last_states(batch))  # type: ignore[operator]
    trained = {n for n, p in adapted.named_parameters() if p.requires_grad}
    assert trained == adapter_of(adapted, LORA).keys() and before and not adapter_of(plain, Training())
    again = adapt(build_model("zoo:text/16x1", SHAPE, 3), LORA, 3)
    assert all(torch.equal(a, b) for a, b in zip(adapted.parameters(), again.parameters(), strict=True))


def test_what_cannot_be_adapted_says_so() -> None:
    with pytest.raises(BadModel, match=r"key 'lora'.*no transformer to adapt.*expected a text model"):
        adapt(build_model("bow", SHAPE, 0), LORA, 0)
    wrong = Training(lora=Lora(targets=["nothing"]))
    with pytest.raises(BadModel, match=r"key 'lora.targets'.*no layers to adapt"):
        adapt(build_model("zoo:text/16x1", SHAPE, 0), wrong, 0)
    with pytest.raises(BadSuite, match=r"spread.toml:15: key 'grid.1.models.1.lora.rank'"):
        parse_suite(SUITE.format(gpt2="x").replace("rank = 4", "rank = 0"), "spread.toml")


def test_the_setting_is_in_keys_only_where_it_is_set() -> None:
    assert "lora" not in Training().for_key() and "lora" not in Training(epochs=3).for_key()
    use = ModelUse(name="m", lora=Lora(rank=4))
    found = use.training(Training())
    assert found.lora == Lora(rank=4) and found.for_key()["lora"]["rank"] == 4
    assert Training(**found.for_key()) == found, "as jobs carry it"
    shared = ModelUse(name="m").training(Training(lora=Lora(alpha=8)))
    assert shared.lora == Lora(alpha=8)
    grid = Grid(tasks=["t"], models=[ModelUse(name="a"), use])
    assert "lora" not in grid.model_dump(exclude_defaults=True)["models"][0]


@pytest.mark.parametrize("options", [True, False])
def test_items_of_a_batch(options: bool) -> None:
    """Inputs have a row an item, or one for each option of each item."""
    counts = [2, 1, 3]
    mask = torch.arange(3) < torch.tensor(counts)[:, None]
    rows = torch.arange(6 if options else 3)
    found = take(Batch({"ids": rows}, mask), torch.tensor([2, 0, 0]))
    assert found.inputs["ids"].tolist() == ([3, 4, 5, 0, 1, 0, 1] if options else [2, 0, 0])
    assert found.mask.tolist() == mask[[2, 0, 0]].tolist()


def test_a_process_that_dies_takes_the_others_along(group: WorkerGroup) -> None:
    """New ones are there for the next call."""
    with pytest.raises(Died, match="exit status 7"):
        group.call(_leave_or_wait, limit=60.0)
    assert group._workers == []


def _leave_or_wait() -> None:
    """The second process leaves; the first waits for it as a collective would."""
    import os
    import time

    os._exit(7) if os.environ["RANK"] == "1" else time.sleep(50)
