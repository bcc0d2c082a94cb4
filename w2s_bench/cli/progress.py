"""Progress on standard error: a live bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from w2s_bench.plan.job import Job
from w2s_bench.plan.plan import Plan
from w2s_bench.run.scheduler import Failure


class Lines:
    """One plain line a finished job."""

    def __init__(self) -> None:
        self._done, self._total, self._clock = 0, 0, time.perf_counter()

    def on_plan(self, plan: Plan, missing: list[Job]) -> None:
        """Print how many jobs there are, and how many remain."""
        self._total = len(missing)
        count = len(plan.jobs)
        self.write(f"{count} jobs, {count - len(missing)} finished before, {len(missing)} to run")

    def on_done(self, job: Job) -> None:
        """Count a finished job and print its title."""
        self._done += 1
        self.write(f"[{self._done}/{self._total}] {time.perf_counter() - self._clock:.0f} s  {job.title}")

    def on_failed(self, failure: Failure) -> None:
        """Count a job that failed or was skipped; print the reason."""
        self._done += 1
        verb = "skipped" if failure.skipped else "FAILED"
        self.write(f"[{self._done}/{self._total}] {verb}  {failure.job.title}: {failure.reason}")

    def write(self, text: str) -> None:
        """Print one line of progress."""
        print(text, file=sys.stderr, flush=True)


class Bar(Lines):
    """A live bar with the job that finished last."""

    def __init__(self, progress: Any) -> None:
        super().__init__()
        self._progress = progress

    def on_plan(self, plan: Plan, missing: list[Job]) -> None:
        super().on_plan(plan, missing)
        self._task = self._progress.add_task("starting workers", total=len(missing), visible=bool(missing))

    def on_done(self, job: Job) -> None:
        self._progress.update(self._task, advance=1, description=job.title)

    def on_failed(self, failure: Failure) -> None:
        super().on_failed(failure)
        self._progress.update(self._task, advance=1, description=failure.job.title)

    def write(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False)


@contextmanager
def progress() -> Iterator[Lines]:
    """The display that fits standard error."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich import progress as rich
    from rich.console import Console

    times = (rich.TimeElapsedColumn(), rich.TextColumn("left"), rich.TimeRemainingColumn())
    title = rich.TextColumn("{task.description}", markup=False)
    columns = (rich.BarColumn(), rich.MofNCompleteColumn(), *times, title)
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as live:
        yield Bar(live)
