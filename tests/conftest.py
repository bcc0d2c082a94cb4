"""Fixtures that all tests share: a closed world, a tiny mirror of the hub, the real one where it is, a run.

Nothing here reaches the network: the hub is switched off before any library reads its settings, and
all caches lie in a temporary folder.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from support import hub_chess, hub_nlp_questions, hub_nlp_texts, hub_reward, hub_rows
from support.browser import Page, browser, chromium
from support.hub_rows import Splits

_CACHE = tempfile.mkdtemp(prefix="w2s-bench-tests-")
atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)
if os.environ.get("W2S_ONLINE") != "1":  # tests/test_hub_online.py is for the hub itself
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is imported, so not in a fixture
os.environ.update(
    HF_HOME=_CACHE,
    HYPOTHESIS_STORAGE_DIRECTORY=f"{_CACHE}/hypothesis",
    TOKENIZERS_PARALLELISM="false",
    XDG_CACHE_HOME=f"{_CACHE}/user",
)
for name in ("HF_DATASETS_CACHE", "HF_HUB_CACHE", "W2S_HUB", "W2S_STORE"):
    os.environ.pop(name, None)

settings.register_profile(
    "w2s-bench",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("w2s-bench")

SHARED_HUB = Path(__file__).resolve().parents[2] / "shared" / "hub"


@pytest.fixture(autouse=True)
def closed_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of its own for each test, and no mirror but the one that a test asks for."""
    monkeypatch.setenv("W2S_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("W2S_HUB", raising=False)


@pytest.fixture
def shared_hub() -> Path:
    """The mirror with real rows beside the repository."""
    if not SHARED_HUB.is_dir():
        pytest.skip("no mirror with real rows at ../shared/hub")
    return SHARED_HUB


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A tab of a real browser."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    with browser(program, tmp_path / "profile") as opened:
        yield opened


@pytest.fixture
def hub(tmp_path: Path, _mirror: Path) -> Path:
    """A tiny mirror, a new copy for each test, which may change it.

    120 + 40 rows of ``nyu-mll/glue`` sst2, and those of :mod:`hub_rows`, ``hub_nlp_*``, :mod:`hub_chess` and
    :mod:`hub_reward`, with the columns and configurations of the hub, and two files of the lichess database.
    """
    return Path(shutil.copytree(_mirror, tmp_path / "hub"))


@pytest.fixture(scope="session")
def _mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mirror")
    reviews = _reviews()
    shared: dict[str, dict[str, Splits]] = {
        "nyu-mll/glue": {"sst2": {"train": reviews[:120], "validation": reviews[120:160]}},
        **hub_chess.sets(),
    }
    sets: dict[str, dict[str, Splits]] = {}
    for some in (shared, hub_rows.SETS, hub_nlp_questions.SETS, hub_nlp_texts.SETS, hub_reward.sets()):
        for path, configs in some.items():
            sets[path] = sets.get(path, {}) | configs
    for path, configs in sets.items():
        _data_set(root / path, configs)
    hub_chess.write_databases(root)
    return root


def _data_set(root: Path, configs: dict[str, Splits]) -> None:
    import pyarrow
    import pyarrow.parquet

    head = []
    for config, splits in sorted(configs.items()):
        head.append(f"- config_name: {config}\n  data_files:\n")
        for split, rows in splits.items():
            folder = "data" if config == "default" else config
            path = root / folder / f"{split}-00000-of-00001.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)
            head.append(f"  - split: {split}\n    path: {path.relative_to(root)}\n")
    front = f"---\nconfigs:\n{''.join(head)}---\n"
    (root / "README.md").write_text(f"{front}\nRows written for tests.\n", "utf8")


@cache
def _reviews() -> tuple[dict[str, Any], ...]:
    """Distinct phrases with the trailing space that upstream has; both labels in turn."""
    moods = (("dull", "clumsy", "stale", "empty", "tired"), ("fresh", "witty", "warm", "bright", "lively"))
    subjects = ("plot", "cast", "score", "script", "ending", "dialogue", "camera", "humour")
    adverbs = ("really", "often", "quite", "never less than")
    texts = [
        (f"the {subject} is {adverb} {mood[k]} ", label)
        for k in range(5)
        for subject in subjects
        for adverb in adverbs
        for label, mood in enumerate(moods)
    ]
    return tuple({"sentence": text, "label": label, "idx": i} for i, (text, label) in enumerate(texts))


SUITE = """name = "toy"
version = 3
seeds = [0, 1]
methods = ["naive", { name = "confidence", max_weight = 0.5 }]
[admission]
min_gap = 0.05
min_teacher = 0.4
[[grid]]
tasks = ["nlp/toy", "chess/toy", "reward/toy"]
models = ["small", "middle", "large"]
teachers = ["small"]
"""
ITEMS = 80
RIGHT = {  # right answers of teacher; student by method; ceiling, out of ITEMS
    ("nlp", "middle"): (40, {"naive": 48, "confidence": 52}, 64),
    ("nlp", "large"): (40, {"naive": 50, "confidence": 56}, 72),
    ("chess", "middle"): (40, {"naive": 44, "confidence": 36}, 38),  # the ceiling is below the teacher
    ("chess", "large"): (40, {"naive": 44, "confidence": 40}, 40),  # no gap at all
    ("reward", "middle"): (50, {"naive": 52, "confidence": 53}, 56),  # a gap that is mostly noise
    ("reward", "large"): (50, {"naive": 55, "confidence": 56}, 58),
}


@pytest.fixture
def toy_run() -> dict[str, Any]:
    """Keyword arguments for ``save_run``: three domains, two students, two methods, two seeds, no training.

    NLP has clear gaps, chess none that is positive, reward gaps that noise may have made.
    """
    from w2s_bench.records import CellRecord, RunInfo
    from w2s_bench.suite import parse_suite

    scored: dict[str, Any] = {}
    cells = []
    for (domain, student), (teacher_right, students_right, ceiling_right) in RIGHT.items():
        for seed in (0, 1):
            teacher = _scored(scored, domain, "teacher", "small", "naive", seed, teacher_right)
            ceiling = _scored(scored, domain, "ceiling", student, "naive", seed, ceiling_right)
            for method, right in students_right.items():
                key = _scored(scored, domain, "student", student, method, seed, right)
                cell = CellRecord(
                    domain=domain,
                    task=f"{domain}/toy",
                    method=method,
                    options={"max_weight": 0.5} if method == "confidence" else {},
                    teacher="small",
                    student=student,
                    seed=seed,
                    teacher_key=teacher,
                    student_key=key,
                    ceiling_key=ceiling,
                )
                cells.append(cell)
    info = RunInfo(
        suite="toy",
        suite_version=3,
        suite_hash=parse_suite(SUITE, "toy.toml").hash,
        suite_toml=SUITE,
        command="w2s-bench run toy.toml",
        code_version="0.1.0",
        libraries={"torch": "2.0"},
        python="3.11.0",
        platform="somewhere",
        device="cpu",
        workers=2,
        fits_run=len(scored),
        fits_finished=0,
        seconds=1.5,
        started="2024-01-01T00:00:00+00:00",
    )
    seconds = dict.fromkeys(scored, 0.25)
    return {"info": info, "scored": list(scored.values()), "cells": cells, "seconds": seconds}


def _scored(
    into: dict[str, Any], domain: str, role: str, model: str, method: str, seed: int, right: int
) -> str:
    """Add one fit with ``right`` right answers and return its key."""
    import numpy as np

    from w2s_bench.records import ScoreRecord, content_key
    from w2s_bench.results.run_folder import Answers, Scored

    key = content_key([domain, role, model, method, seed])
    gold = np.arange(ITEMS) % 2
    order = np.random.default_rng(int(key[:8], 16)).permutation(ITEMS)
    hit = np.isin(np.arange(ITEMS), order[:right])
    record = ScoreRecord(
        key=key,
        role=role,  # type: ignore[arg-type]
        domain=domain,  # type: ignore[arg-type]
        task=f"{domain}/toy",
        task_version=1,
        model=model,
        parameters={"small": 1_000, "middle": 20_000, "large": 3_000_000}[model],
        method=method,
        labels_from=content_key([domain, "teacher", "small", "naive", seed]) if role == "student" else None,
        seed=seed,
        n_train=100,
        n_test=ITEMS,
        accuracy=right / ITEMS,
        label_accuracy=0.75 if role == "student" else 1.0,
        metrics={"greedy_accuracy": 0.25} if domain == "chess" else {},
        loss=[0.75, 0.5],
    )
    answers = Answers(
        [f"{domain}-{i}" for i in range(ITEMS)],
        np.where(hit, gold, 1 - gold),
        gold,
        np.where(hit, 0.75, 0.25).astype(np.float32),
    )
    into[key] = Scored(record, answers)
    return key
