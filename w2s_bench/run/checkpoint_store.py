"""The checkpoint of an unfinished job: a file in the store under the job's key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from w2s_bench.errors import FitFailed, StoreError, UserError
from w2s_bench.plan.job import Job
from w2s_bench.run.input_check import check_unchanged
from w2s_bench.store.maintenance import CHECKPOINT
from w2s_bench.store.remote import Place, store_at
from w2s_bench.train.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class CheckpointStore:
    """The checkpoint of one job in a store. ``every``: seconds between two checkpoints, None for none."""

    store: Place
    job: Job
    every: float | None

    def read(self) -> bytes | None:
        """The last checkpoint, None if there is none."""
        return None if self.every is None else store_at(self.store).read_loose(CHECKPOINT, self.job.key)

    def save(self, data: bytes) -> None:
        """Replace the last checkpoint, unless a file of the job was edited since the run was planned.

        Errors are ignored, because a lost checkpoint costs time and no result.
        """
        with suppress(UserError, OSError):
            check_unchanged(self.job, None)  # no mirror: fits take their items from the store
            store_at(self.store).write_loose(CHECKPOINT, self.job.key, data)

    def delete(self) -> None:
        """Remove the checkpoint of a job that is done or has failed."""
        with suppress(StoreError, OSError):
            store_at(self.store).drop_loose(CHECKPOINT, self.job.key)

    @contextmanager
    def until_done(self) -> Iterator[None]:
        """Delete the checkpoint when the job is done or its fit failed, but not when its process died."""
        try:
            yield
        except FitFailed:
            self.delete()
            raise
        self.delete()

    def checkpoint(self) -> Checkpoint:
        """The checkpoint of a job that runs in this process."""
        return Checkpoint(self.read(), self.every, self.save)
