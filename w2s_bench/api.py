"""The whole line, as the command line and Python users call it: a suite in, tables and curves out."""

from __future__ import annotations

import os
import platform
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from w2s_bench.errors import UserError
from w2s_bench.plan.extra_methods import with_methods
from w2s_bench.plan.job import FitJob, Job
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.records import RunInfo, TableRow
from w2s_bench.registry.items import held
from w2s_bench.registry.load import is_own
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.results.examples import choose, save_examples
from w2s_bench.results.run_folder import Run, save_run
from w2s_bench.run.execute import Site
from w2s_bench.run.executors import Executor, InlineExecutor, LocalExecutor
from w2s_bench.run.scheduler import Failure, Tally, marked, run_plan
from w2s_bench.run.score import collect, left_out, test_items
from w2s_bench.store.local import Store
from w2s_bench.store.maintenance import note_suite
from w2s_bench.store.remote import Place, place, store_at
from w2s_bench.suite import Suite, load_suite
from w2s_bench.train.device import name as device_name
from w2s_bench.train.device import pick

LIBRARIES = (
    "torch",
    "transformers",
    "datasets",
    "accelerate",
    "tokenizers",
    "numpy",
    "chess",
    "scikit-learn",
)
LIMIT = 3600.0
CHECKPOINT = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """Folders and machine of a run. None: the default place, or as many workers as fit the device.
    ``limit``: seconds that the fits of one student may take before it counts as hung. ``address`` of a Ray
    cluster and ``gpu_share``, the part of a GPU that a job takes there, are for the executor ``ray``.
    ``shards``: processes, each with a GPU of its own, that one fit is spread over. ``checkpoint``: seconds of
    a fit that may be lost where it is killed; 0: all of it."""

    out: Path | None = None
    store: Place | None = None
    hub: Path | None = None
    device: str = "auto"
    workers: int | None = None
    threads: int = 1
    limit: float = LIMIT
    executor: Literal["local", "ray"] = "local"
    address: str | None = None
    gpu_share: float = 1.0
    shards: int = 1
    checkpoint: float = CHECKPOINT

    def site(self) -> Site:
        """What workers must know. Errors: UserError for a mirror that is no folder, or a missing device."""
        if self.hub is not None and not self.hub.is_dir():
            raise UserError(
                "the mirror is no folder",
                where=str(self.hub),
                expected="a folder with data sets as ORG/NAME",
                mend="correct --hub or W2S_HUB",
            )
        store = self.store or default_store()
        if self.executor == "ray" and isinstance(store, Path):
            store = store.resolve()  # the same on every node
        return Site(
            store=store,
            mirror=self.hub.resolve() if self.hub else None,
            device=self._device(),
            threads=self.threads,
            limit=self.limit,
            shards=self.shards,
            checkpoint=self.checkpoint or None,
        )

    def command(self, suite: str, methods: Sequence[str] = ()) -> str:
        """The command line of a run of ``suite`` with these settings; defaults are left out."""
        given = [f for f in fields(self) if getattr(self, f.name) != f.default]
        options = [
            word for f in given for word in (f"--{f.name.replace('_', '-')}", str(getattr(self, f.name)))
        ]
        more = [word for name in methods for word in ("--method", name)]
        return shlex.join(["w2s-bench", "run", suite, *more, *options])

    def _device(self) -> str:
        """The device, which a cluster's nodes may have and this machine not. Errors: UserError."""
        if self.executor == "local" or self.address is None:
            return str(pick(self.device))
        if self.device == "auto":
            raise UserError(
                "a cluster's device cannot be guessed from here",
                where="--device auto",
                expected="cpu or cuda",
                mend="say what its nodes are to use: --device cuda",
            )
        return self.device

    def make_executor(self, site: Site, jobs: int) -> Executor:
        """What runs so many jobs. Errors: UserError for a cluster that does not answer."""
        if not jobs:
            return InlineExecutor()
        if self.executor == "local":
            return LocalExecutor(min(self.slots(site.device), jobs))
        from w2s_bench.run.ray_executor import RayExecutor

        return RayExecutor(site, self.address, self.workers, self.gpu_share)

    def slots(self, device: str) -> int:
        """Jobs at a time: one a core on a CPU, one a device elsewhere."""
        return self.workers or (cores() if device == "cpu" else 1)


def cores() -> int:
    """Cores that this process may use; macOS and Windows tell only how many there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished run: what it did, its folder, its table, and the same cells on companions."""

    tally: Tally
    seconds: float
    folder: Path
    run: Run
    rows: list[TableRow]
    companions: list[TableRow] = field(default_factory=list)


def default_store() -> Place:
    """``W2S_STORE``, or the user's cache folder."""
    if given := os.environ.get("W2S_STORE"):
        return place(given)
    from platformdirs import user_cache_path

    return user_cache_path("w2s-bench") / "store"


def store_folder(given: Path | str | None) -> Path:
    """The folder of finished jobs, given or default. Errors: UserError for an address: what looks at files
    needs a folder."""
    where = given or default_store()
    if isinstance(where, Path):
        return where
    raise UserError(
        "this verb looks at a folder's files",
        where=str(where),
        expected="a store that is a folder",
        mend="list and prune an address with its own tools",
    )


@held()
def plan_suite(name: str, where: Where, methods: Sequence[str] = ()) -> tuple[Suite, str, Plan, Site]:
    """Read a suite and plan its jobs, with further ``methods`` beside its own; nothing runs."""
    suite, text = load_suite(name)
    site = where.site()
    return suite, text, make_plan(with_methods(suite, methods), site.mirror), site


def run_suite(
    name: str,
    where: Where | None = None,
    on_plan: Callable[[Plan, list[Job]], None] = lambda plan, jobs: None,
    on_done: Callable[[Job], None] = lambda job: None,
    on_failed: Callable[[Failure], None] = lambda failure: None,
    methods: Sequence[str] = (),
) -> Finished:
    """Run what a suite still lacks, then write its folder: records, predictions, tables, curves, entries.

    ``methods`` (names, files, or ``all``) run beside the suite's own. A method that fails has its cells
    marked so; ``run.failed`` of what comes back holds them with their reasons.
    """
    where = where or Where()
    clock, started = time.perf_counter(), datetime.now(UTC)
    with held():  # what keys and run.json say of a method's code is read once, for both
        suite, text, plan, site = plan_suite(name, where, methods)
        own = _own_code(plan)
    store = store_at(site.store)
    missing = plan.to_run(store)
    if isinstance(site.store, Path):
        note_suite(store, suite.name, plan.jobs)
    on_plan(plan, missing)
    executor = where.make_executor(site, len(missing))
    workers = where.slots(site.device) if where.executor == "local" else executor.slots
    tally = run_plan(plan, executor, site, on_done, on_failed)
    folder = where.out or Path("runs") / suite.name
    seconds = time.perf_counter() - clock
    info = RunInfo(
        suite=suite.name,
        suite_version=suite.version,
        suite_hash=suite.hash,
        suite_toml=text,
        command=where.command(name, methods),
        code_version=code_version(),
        libraries=libraries(),
        python=platform.python_version(),
        platform=platform.platform(),
        device=device_name(pick(site.device)) if where.executor == "local" else site.device,
        workers=workers,
        fits_run=tally.run,
        fits_finished=tally.finished,
        seconds=round(seconds, 3),
        started=started.isoformat(timespec="seconds"),
        excluded=left_out(plan, store),
        own_code=own,
    )
    from w2s_bench.report.load import load_companions
    from w2s_bench.report.write import write_report  # at the end: two seconds of imports

    cells = marked(plan.cells, tally.reasons)
    scored = collect(plan, store)
    save_examples(folder, choose(cells, scored, test_items(plan, store)))
    save_run(folder, info, scored, cells, _timings(plan, store))
    run, rows = write_report(folder)
    return Finished(tally, time.perf_counter() - clock, folder, run, rows, load_companions(run))


def _own_code(plan: Plan) -> dict[str, str]:
    """Hashes of the code of methods that are files of their author's, by the names they are planned under."""
    names = {job.method for job in plan.jobs.values() if isinstance(job, FitJob)}
    return {name: source_hash("method", name) for name in sorted(names) if is_own(name)}


def _timings(plan: Plan, store: Store) -> dict[str, float]:
    fits = [job.key for job in plan.jobs.values() if isinstance(job, FitJob)]
    done = (key for key in fits if store.has("fit", key))
    return {key: float(store.open("fit", key).json("timing")["seconds"]) for key in done}


def libraries() -> dict[str, str]:
    """Versions of what decides the numbers."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def code_version() -> str:
    """This package's version."""
    return version("w2s-bench")
