"""Where the diary of a job lies until the job is done: a loose file of its store, under the job's key."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from w2s_bench.errors import StoreError, UserError
from w2s_bench.plan.job import Job
from w2s_bench.run.input_check import check_unchanged
from w2s_bench.store.maintenance import DIARY
from w2s_bench.store.remote import Place, store_at
from w2s_bench.train.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A job of a store. ``every``: seconds between two keepings of its diary, None for never."""

    store: Place
    job: Job
    every: float | None

    def read(self) -> bytes | None:
        """What was kept of it, if anything."""
        return None if self.every is None else store_at(self.store).read_loose(DIARY, self.job.key)

    def keep(self, kept: bytes) -> None:
        """Keep this in place of what was kept before, unless a file of the job was edited meanwhile: a later
        run may find the former file again. What cannot be kept costs time, and no result: the fit goes on."""
        with suppress(UserError, OSError):
            check_unchanged(self.job, None)  # of fits, whose items are the store's: no mirror is asked
            store_at(self.store).write_loose(DIARY, self.job.key, kept)

    def drop(self) -> None:
        """Forget it: the job is done, or has failed."""
        with suppress(StoreError, OSError):
            store_at(self.store).drop_loose(DIARY, self.job.key)

    def checkpoint(self) -> Checkpoint:
        """For a job that is done in this process."""
        return Checkpoint(self.read(), self.every, self.keep)
