"""A made-up run of 10,000 score records, for tests of speed: nothing is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from w2s_bench.records import CellRecord, RunInfo, ScoreRecord, content_key
from w2s_bench.results.run_folder import Answers, Scored, save_run
from w2s_bench.suite import parse_suite

TASKS, SEEDS, ITEMS = 35, (0, 1, 2), 200
MODELS = {"xs": 10_000, "s": 100_000, "m": 1_000_000, "l": 10_000_000}
PAIRS = [("xs", "s"), ("xs", "m"), ("xs", "l"), ("s", "m"), ("s", "l"), ("m", "l")]
METHODS = ["naive", "confidence", *(f"method-{k:02}" for k in range(13))]
DOMAINS = ("nlp", "chess", "reward")


def save_big_run(folder: Path) -> int:
    """Write the run's folder; returns how many score records it has."""
    scored: dict[str, Scored] = {}
    cells = []
    rng = np.random.default_rng(0)
    for k in range(TASKS):
        domain = DOMAINS[k % 3]
        for seed in SEEDS:
            fit = _Fits(scored, domain, f"{domain}/t{k:02}", seed, rng)
            teachers = {m: fit("teacher", m, "naive", 0.6 + 0.03 * i) for i, m in enumerate(MODELS)}
            ceilings = {m: fit("ceiling", m, "naive", 0.72 + 0.06 * i) for i, m in enumerate(MODELS)}
            for t, s in PAIRS:
                for i, method in enumerate(METHODS):
                    key = fit("student", s, method, 0.66 + 0.01 * i, teachers[t])
                    cells.append(_cell(fit, t, s, method, teachers[t], key, ceilings[s]))
    save_run(folder, _info(len(scored)), list(scored.values()), cells, {})
    return len(scored)


class _Fits:
    """Makes the fits of one task and seed."""

    def __init__(self, into: dict[str, Scored], domain: str, task: str, seed: int, rng: Any) -> None:
        self.into, self.domain, self.task, self.seed, self.rng = into, domain, task, seed, rng
        self.gold = np.arange(ITEMS) % 2

    def __call__(self, role: str, model: str, method: str, right: float, labels: str | None = None) -> str:
        key = content_key([self.task, role, model, method, self.seed, labels])
        hit = self.rng.random(ITEMS) < right
        record = ScoreRecord(
            key=key, role=role, domain=self.domain, task=self.task, task_version=1, model=model,  # type: ignore[arg-type]
            parameters=MODELS[model], method=method, labels_from=labels, seed=self.seed, n_train=1000,
            n_test=ITEMS, accuracy=float(hit.mean()), label_accuracy=1.0, loss=[0.7, 0.5, 0.4],
        )  # fmt: skip
        items = [f"{self.task}-{i}" for i in range(ITEMS)]
        picked = np.where(hit, self.gold, 1 - self.gold)
        self.into[key] = Scored(record, Answers(items, picked, self.gold, np.where(hit, 0.75, 0.25)))
        return key


def _cell(
    fit: _Fits, teacher: str, student: str, method: str, teacher_key: str, key: str, ceiling: str
) -> CellRecord:
    return CellRecord(
        domain=fit.domain, task=fit.task, method=method, teacher=teacher, student=student, seed=fit.seed,  # type: ignore[arg-type]
        teacher_key=teacher_key, student_key=key, ceiling_key=ceiling,
    )  # fmt: skip


def _info(fits: int) -> RunInfo:
    names = [f"{DOMAINS[k % 3]}/t{k:02}" for k in range(TASKS)]
    suite = f"""name = "big"
version = 1
seeds = [0, 1, 2]
methods = {METHODS}
[admission]
min_gap = 0.02
min_teacher = 0.5
[[grid]]
tasks = {names}
models = {list(MODELS)}
teachers = ["xs", "s", "m"]
"""
    return RunInfo(
        suite="big", suite_version=1, suite_hash=parse_suite(suite, "big.toml").hash, suite_toml=suite,
        command="w2s-bench run big.toml", code_version="0.1.0", libraries={}, python="3.11", platform="any",
        device="cpu", workers=1, fits_run=fits, fits_finished=0, seconds=1.0,
        started="2024-01-01T00:00:00+00:00",
    )  # fmt: skip
