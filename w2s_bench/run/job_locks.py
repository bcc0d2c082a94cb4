"""Job locks: of all runs that share a store, one at a time works on a job.

A lock (filelock) is on a file beside the artifacts, held by the process of the run. The kernel releases it
when that process ends, however it ends, on this machine and on shared folders whose file system supports
locks. Where there are no locks, as between machines that share an address, a job may be done twice; since
equal keys are equal content, that costs time and changes nothing.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from w2s_bench.store.local import Store, disk_errors

FOLDER = "claims"
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP)


class JobLocks:
    """The locks of one run; leaving the context releases all of them."""

    def __init__(self, store: Store) -> None:
        self._folder = store.root / FOLDER
        self._held: dict[str, FileLock | None] = {}

    def take(self, key: str) -> bool:
        """Lock a job; False while another run has it.

        Errors: StoreError for a store that cannot be written to.
        """
        lock = FileLock(self._folder / f"{key}.lock", timeout=0)
        with disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except Timeout:
                return False
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                self._held[key] = None
                return True
        self._held[key] = lock
        return True

    def release(self, key: str) -> None:
        """Release a job that is done or has failed. A run that waits for it finds it finished."""
        if (lock := self._held.pop(key)) is not None:
            _remove(lock)

    def __enter__(self) -> JobLocks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in list(self._held):
            self.release(key)


def sweep_locks(store: Store) -> None:
    """Remove the files of locks that no process holds: their runs were killed."""
    for path in sorted((store.root / FOLDER).glob("*.lock")):
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue
        _remove(lock)


def _remove(lock: FileLock) -> None:
    """Remove it while it is held: a process that opened the file before sees that it is gone."""
    with suppress(OSError):  # Windows removes no open file: an empty one stays
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
