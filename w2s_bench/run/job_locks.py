"""Job locks: of all runs that share a store, only one at a time works on a job.

The run's process locks a file in the store (filelock), and the kernel releases it when that process ends.
Where the file system has no locks, or machines share an address, a job may run twice; equal keys mean equal
content, so that costs only time.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from w2s_bench.store.local import Store, disk_errors

FOLDER = "claims"
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP)


class JobLocks:
    """The job locks of one run; leaving the context releases them."""

    def __init__(self, store: Store) -> None:
        self._folder = store.root / FOLDER
        self._held: dict[str, FileLock | None] = {}

    def take(self, key: str) -> bool:
        """Lock a job; False if another run holds it. Errors: StoreError for a store that is not writable."""
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
        """Release the lock of a job that is done or has failed."""
        if (lock := self._held.pop(key)) is not None:
            _remove(lock)

    def __enter__(self) -> JobLocks:
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._held):
            self.release(key)


def sweep_locks(store: Store) -> None:
    """Remove lock files that no process holds, left behind by killed runs."""
    for path in sorted((store.root / FOLDER).glob("*.lock")):
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue
        _remove(lock)


def _remove(lock: FileLock) -> None:
    """Remove a lock's file before the release, so that a process that has it open sees it is gone."""
    with suppress(OSError):  # Windows cannot remove an open file
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
