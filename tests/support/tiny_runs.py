"""Suites that run in seconds, and what a run of them leaves."""

from __future__ import annotations

from pathlib import Path

from drills import FILES

from w2s_bench.plan.job import FitJob
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.records import RunInfo
from w2s_bench.results.run_folder import save_run
from w2s_bench.run.executors import Executor, InlineExecutor
from w2s_bench.run.scheduler import Tally, run_plan
from w2s_bench.run.score import collect
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.remote import store_at
from w2s_bench.suite import parse_suite

TACTICS = Path(__file__).parents[2] / "tasks" / "chess" / "data" / "tactics.parquet"

HEAD = """
name = "tiny"
version = 1
seeds = [0]
methods = ["naive", "confidence", {bootstrapping}]
data = {{ teacher = 40, transfer = 40, validation = 10, test = 30 }}
training = {{ epochs = 2, batch_size = 8, max_length = 64 }}
"""

NLP = """
[[grid]]
tasks = ["nlp/polarity-generated"]
models = [{ name = "bow", learning_rate = 0.05 }, "llama:16x1"]
"""

REWARD = NLP.replace("nlp/", "reward/")

CHESS = """
[[grid]]
tasks = ["chess/tactics-generated"]
models = [{ name = "bow", learning_rate = 0.05 }, "board:8x1"]
"""

SPEAKS = """
[[grid]]
tasks = ["chess/tactics-generated"]
models = ["board:4x1", "llama:16x1"]
data = { teacher = 4, transfer = 4, validation = 1, test = 3 }
"""

ALL = NLP + REWARD + (CHESS + SPEAKS if TACTICS.is_file() else "")


def tiny(grids: str = NLP, *, method: str = '"bootstrapping"', seeds: str = "[0]") -> Plan:
    """The plan of a suite that takes seconds; ``method`` is the third of its methods."""
    head = HEAD.format(bootstrapping=method).replace("[0]", seeds)
    return make_plan(parse_suite(head + grids, "tiny.toml"), None)


def site(folder: Path, store: str | None = None) -> RunSettings:
    return RunSettings(store=store or folder / "store", device="cpu")


def finish(plan: Plan, folder: Path, executor: Executor | None = None, store: str | None = None) -> Tally:
    """Run what is missing in a folder's store, or one at an address, and write the folder's records."""
    here = site(folder, store)
    tally = run_plan(plan, executor or InlineExecutor(), here)
    info = RunInfo(
        suite="tiny",
        suite_version=1,
        suite_hash="0",
        suite_toml="",
        command="",
        code_version="0",
        libraries={},
        python="",
        platform="",
        device="cpu",
        workers=1,
        fits_run=tally.run,
        fits_finished=tally.finished,
        seconds=0.0,
        started="",
    )
    save_run(folder, info, collect(plan, store_at(here.store)), plan.cells, {})
    return tally


def fits(plan: Plan, *roles: str) -> list[FitJob]:
    return [j for j in plan.jobs.values() if isinstance(j, FitJob) and (not roles or j.role in roles)]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}
