"""One fit path: a teacher's or ceiling's request holds gold as its labels, and its fit is the plain one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.tiny_runs import CHESS, NLP, REWARD, fits, site, tiny

from w2s_bench.contract.fits import fit_labels
from w2s_bench.data.splits import load_gold, load_items
from w2s_bench.method import load_method
from w2s_bench.metric import one_hot
from w2s_bench.model import build_model
from w2s_bench.plan.plan import Plan
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.run.fit_io import APART, gold_request_of, request_of
from w2s_bench.run.scheduler import run_plan
from w2s_bench.store.local import Store
from w2s_bench.suite import Training
from w2s_bench.train.fit import fit
from w2s_bench.train.predict import predict

CPU = torch.device("cpu")


def drawn(folder: Path, grids: str, method: str = '"naive"') -> tuple[Plan, Store]:
    """A plan whose fits are finished, and its store."""
    plan = tiny(grids, method=method)
    run_plan(plan, InlineExecutor(), site(folder))
    return plan, Store(folder / "store")


@pytest.mark.parametrize("grids", [NLP, REWARD, CHESS])
def test_a_fit_on_gold_is_the_plain_fit_to_the_last_bit(grids: str, tmp_path: Path) -> None:
    plan, store = drawn(tmp_path, grids, '"label-smoothing"')
    for job in [j for j in fits(plan) if j.sees_gold]:
        request = gold_request_of(job, store, "cpu")
        items = load_items(store, job.split, job.part)
        labels = one_hot(load_gold(store, job.split, job.part), max(len(i.options) for i in items))
        model, training = build_model(job.model, request.shape, job.seed), Training(**job.training)
        fit_labels(model, model.encode(items), labels, load_method("naive"), training, job.seed)
        expected = predict(model, model.encode(load_items(store, job.split, "test")), CPU)
        assert np.array_equal(fit(request).arrays["test"], expected), job.title
        assert np.array_equal(store.open("fit", job.key).arrays("test")["probabilities"], expected)


def test_gold_requests_are_not_for_students_and_the_other_way_round(tmp_path: Path) -> None:
    plan, store = drawn(tmp_path, NLP, '"label-smoothing"')
    teacher, student = fits(plan, "teacher")[0], fits(plan, "student")[0]
    with pytest.raises(AssertionError):
        request_of(teacher, store, "cpu")
    with pytest.raises(AssertionError):
        gold_request_of(student, store, "cpu")


def test_other_teachers_have_seeds_of_their_own_and_specialists_rows(tmp_path: Path) -> None:
    plan, store = drawn(tmp_path, NLP, '"co-supervised"')
    specialists = [j for j in fits(plan, "teacher") if j.variant.get("kind") == "specialists"]
    rows = [gold_request_of(job, store, "cpu").rows for job in specialists]
    assert len(rows) > 1 and sorted(np.concatenate(rows)) == list(range(40))  # type: ignore[arg-type]
    plan, store = drawn(tmp_path / "seeds", NLP, '"bayesian"')
    seeds = sorted(
        gold_request_of(job, store, "cpu").seed - job.seed
        for job in fits(plan, "teacher")
        if job.variant.get("kind") == "seeds"
    )
    assert seeds and all(seed % APART == 0 for seed in seeds) and len(set(seeds)) == len(seeds)
