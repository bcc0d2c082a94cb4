"""Run a suite from Python or the command line: plan, train, score, and write tables and curves."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from w2s_bench.plan.extra_methods import with_methods
from w2s_bench.plan.job import FitJob, Job
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.records import RunInfo, TableRow
from w2s_bench.registry.items import held
from w2s_bench.registry.load import is_own
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.results.examples import choose, save_examples
from w2s_bench.results.run_folder import Run, save_run
from w2s_bench.run.scheduler import Failure, Tally, executor_for, marked, run_plan
from w2s_bench.run.score import collect, left_out, test_items
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.local import Store
from w2s_bench.store.maintenance import note_suite
from w2s_bench.store.remote import store_at
from w2s_bench.suite import Suite, load_suite
from w2s_bench.train.device import name as device_name
from w2s_bench.train.device import pick

LIBRARIES = (
    "torch", "transformers", "datasets", "accelerate", "tokenizers", "numpy", "chess", "scikit-learn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished run: its tally, its folder, its table, and the same cells on companions."""

    tally: Tally
    seconds: float
    folder: Path
    run: Run
    rows: list[TableRow]
    companions: list[TableRow] = field(default_factory=list)


@held()
def plan_suite(
    name: str, settings: RunSettings, methods: Sequence[str] = ()
) -> tuple[Suite, str, Plan, RunSettings]:
    """Read a suite and plan its jobs, with ``methods`` added to its own; run nothing."""
    suite, text = load_suite(name)
    resolved = settings.resolved()
    return suite, text, make_plan(with_methods(suite, methods), resolved.hub), resolved


def run_suite(
    name: str,
    settings: RunSettings | None = None,
    on_plan: Callable[[Plan, list[Job]], None] = lambda plan, jobs: None,
    on_done: Callable[[Job], None] = lambda job: None,
    on_failed: Callable[[Failure], None] = lambda failure: None,
    methods: Sequence[str] = (),
) -> Finished:
    """Run the unfinished jobs of a suite, then write records, predictions, tables, curves and entries.

    ``methods`` (names, files, or ``all``) run beside the suite's own. ``run.failed`` of the result holds the
    cells of methods that failed, with the reasons.
    """
    given = settings or RunSettings()
    clock, started = time.perf_counter(), datetime.now(UTC)
    with held():  # keys and run.json must see the same state of a method's code
        suite, text, plan, settings = plan_suite(name, given, methods)
        names = sorted({job.method for job in plan.jobs.values() if isinstance(job, FitJob)})
        own = {name: source_hash("method", name) for name in names if is_own(name)}
    store = store_at(settings.store_place)
    missing = plan.to_run(store)
    if isinstance(settings.store_place, Path):
        note_suite(store, suite.name, plan.jobs)
    on_plan(plan, missing)
    executor = executor_for(settings, len(missing))
    workers = settings.slots() if settings.executor == "local" else executor.slots
    tally = run_plan(plan, executor, settings, on_done, on_failed)
    folder = settings.out or Path("runs") / suite.name
    seconds = time.perf_counter() - clock
    info = RunInfo(
        suite=suite.name,
        suite_version=suite.version,
        suite_hash=suite.hash,
        suite_toml=text,
        command=given.command(name, methods),
        code_version=code_version(),
        libraries=libraries(),
        python=platform.python_version(),
        platform=platform.platform(),
        device=device_name(pick(settings.device)) if settings.executor == "local" else settings.device,
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


def _timings(plan: Plan, store: Store) -> dict[str, float]:
    fits = [job.key for job in plan.jobs.values() if isinstance(job, FitJob)]
    done = (key for key in fits if store.has("fit", key))
    return {key: float(store.open("fit", key).json("timing")["seconds"]) for key in done}


def libraries() -> dict[str, str]:
    """Versions of the libraries that affect the numbers, by name; ``missing`` for one that is absent."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "missing"
    return versions


def code_version() -> str:
    """The version of this package."""
    return version("w2s-bench")
