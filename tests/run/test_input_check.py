"""What is edited between plan and job is noticed before a result is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from contract.toys import model_folder

from w2s_bench.errors import BadData, FitFailed
from w2s_bench.plan.job import FitJob, SplitJob, UntrainedJob
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.run.checkpoint_store import CheckpointStore
from w2s_bench.run.input_check import check_unchanged
from w2s_bench.suite import parse_suite

TASK = """
name = "mine"
domain = "nlp"
file = "mine.csv"
licence = "MIT"
citation = "none"
language = "en"
prompt = "text"
label = "label"
classes = ["bad", "good"]
question = "It is"
answers = ["bad", "good"]
"""
METHOD = """
from w2s_bench.method import STATES, Method, MethodCard, cross_entropy

class Mine(Method):
    card = MethodCard(title="mine", paper="none", formula="CE")
    inputs = frozenset({STATES})

    def loss(self, logits, weak, mask, context):
        return cross_entropy(logits, weak)
"""
SUITE = """
name = "small"
version = 1
seeds = [0]
methods = ["{folder}/mine.py:Mine"]
data = {{ teacher = 40, transfer = 40, validation = 0, test = 40 }}

[[grid]]
tasks = ["{folder}/mine.toml"]
models = ["bow", "hf:{folder}/model"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A task, a method and a model of one's own."""
    rng = Random(0)
    rows = [f"the {k} was {rng.choice(['good', 'bad'])} ,{k % 2}" for k in range(200)]
    (tmp_path / "mine.csv").write_text("text,label\n" + "\n".join(rows) + "\n", "utf8")
    (tmp_path / "mine.toml").write_text(TASK, "utf8")
    (tmp_path / "mine.py").write_text(METHOD, "utf8")
    model_folder(tmp_path / "model")
    return tmp_path


def planned(folder: Path) -> Plan:
    return make_plan(parse_suite(SUITE.format(folder=folder), "small.toml"), None)


def refused(plan: Plan) -> set[str]:
    """Kinds and models of the jobs that are told to have changed."""
    found = set()
    for job in plan.jobs.values():
        try:
            check_unchanged(job, None)
        except (BadData, FitFailed) as error:
            assert "changed while the run was going" in error.what and error.mend
            assert isinstance(error, BadData) == isinstance(job, SplitJob)
            found.add(" ".join([type(job).__name__, *([] if isinstance(job, SplitJob) else [job.model[:2]])]))
    return found


def replaced(path: Path, old: str, new: str) -> None:
    """Edit a file, some time after it was written."""
    path.write_text(path.read_text("utf8").replace(old, new), "utf8")
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000))


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-8] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000))


def test_nothing_is_told_where_nothing_changed(folder: Path) -> None:
    plan = planned(folder)
    assert {type(job) for job in plan.jobs.values()} == {SplitJob, FitJob, UntrainedJob}
    assert refused(plan) == set()
    os.utime(folder / "mine.py")  # touched, and the same
    assert refused(plan) == set()


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda at: replaced(at / "mine.csv", "good", "fine"), {"SplitJob"}),
        (lambda at: replaced(at / "mine.toml", "It is", "It was"), {"SplitJob"}),
        (lambda at: replaced(at / "mine.py", '"CE"', '"CE again"'), {"FitJob hf"}),
        (lambda at: (at / "mine.py").write_text("no Python", "utf8"), {"FitJob hf"}),
        (lambda at: (at / "mine.py").unlink(), {"FitJob hf"}),
        (lambda at: flipped(at / "model" / "model.safetensors"), {"FitJob hf", "UntrainedJob hf"}),
        (lambda at: (at / "model" / "config.json").unlink(), {"FitJob hf", "UntrainedJob hf"}),
    ],
)
def test_an_edit_is_told(folder: Path, edit: Callable[[Path], object], told: set[str]) -> None:
    plan = planned(folder)
    assert refused(plan) == set()
    edit(folder)
    assert refused(plan) == told


def test_the_checkpoint_of_an_edited_job_is_not_kept(folder: Path, tmp_path: Path) -> None:
    jobs = [job for job in planned(folder).jobs.values() if isinstance(job, FitJob)]
    job = next(job for job in jobs if job.method.endswith("Mine"))
    checkpoints = CheckpointStore(tmp_path / "store", job, 1.0)
    checkpoints.save(b"before")
    replaced(folder / "mine.py", '"CE"', '"CE again"')
    checkpoints.save(b"of another method")
    assert checkpoints.read() == b"before"


def test_files_of_one_name_in_two_folders_are_two(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(folder, other, dirs_exist_ok=True)
    replaced(other / "mine.py", '"CE"', '"another"')
    for place in (folder, other, folder):
        monkeypatch.chdir(place)
        assert refused(planned(Path())) == set()
