"""A folder of content-keyed artifacts, written whole or not at all, checked when they are read.

``<root>/<kind>/<key[:2]>/<key>/`` holds the files of one artifact (JSON, safetensors, Parquet; never
pickle) and ``checksums.json``. It is filled in a temporary folder beside it and appears under its
name by one rename: an artifact that can be seen is finished.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.errors import StoreError
from w2s_bench.records import canonical_json
from w2s_bench.store.temp_files import DRAFT, mine

CHECKSUMS = "checksums.json"
SELF = ""  # stands among the checksums for which artifact it is; older ones do not say
_SUM = hashlib.sha256().digest_size
_OTHER = "give a folder that can be written with --store or --out"
_MEND = {
    errno.ENOSPC: "free some space, or give another folder with --store or --out",
    errno.EDQUOT: "free some of the quota, or give another folder with --store or --out",
    errno.EROFS: _OTHER,
    errno.EACCES: _OTHER,
    errno.ENOTDIR: _OTHER,  # a file stands where the folder should
    errno.EEXIST: _OTHER,
}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full, read-only or forbidden disk below ``path`` into one :class:`StoreError`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _MEND:
            raise
        raise StoreError(
            f"cannot write: {os.strerror(error.errno or 0)}", where=str(path), mend=_MEND[error.errno]
        ) from None
    except Exception as error:
        if not _is_full(error):  # safetensors and Arrow wrap the system's error in types of their own
            raise
        raise StoreError(
            "cannot write: No space left on device", where=str(path), mend=_MEND[errno.ENOSPC]
        ) from None


def _is_full(error: Exception) -> bool:
    return "No space left on device" in str(error) or "os error 28" in str(error)


@dataclass(frozen=True, slots=True)
class Draft:
    """An artifact that is being written."""

    folder: Path

    def json(self, name: str, value: Any) -> None:
        """Write a JSON value."""
        (self.folder / f"{name}.json").write_text(canonical_json(value) + "\n", "utf8")

    def arrays(self, name: str, arrays: Mapping[str, NDArray]) -> None:
        """Write named arrays as safetensors."""
        from safetensors.numpy import save_file

        save_file(
            {k: np.ascontiguousarray(v) for k, v in arrays.items()}, self.folder / f"{name}.safetensors"
        )

    def table(self, name: str, columns: Mapping[str, Any]) -> None:
        """Write columns as Parquet."""
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(
            pyarrow.table(dict(columns)), self.folder / f"{name}.parquet", compression="zstd"
        )


@dataclass(frozen=True, slots=True)
class Artifact:
    """A finished artifact; every read checks the file against its checksum.

    ``name``: kind and key under which it was asked for; one that was moved there from elsewhere is damage.
    """

    folder: Path
    name: str | None = None

    def json(self, name: str) -> Any:
        """Read a JSON value."""
        return json.loads(self._checked(f"{name}.json").read_text("utf8"))

    def arrays(self, name: str) -> dict[str, NDArray]:
        """Read named arrays."""
        from safetensors.numpy import load_file

        return load_file(self._checked(f"{name}.safetensors"))

    def table(self, name: str) -> dict[str, list[Any]]:
        """Read columns as Python lists."""
        import pyarrow.parquet

        return pyarrow.parquet.read_table(self._checked(f"{name}.parquet")).to_pydict()

    def names(self) -> list[str]:
        """Names of the files in it, without their endings."""
        return sorted(name.rpartition(".")[0] for name in self._sums())

    def check(self) -> None:
        """Compare every file with its checksum. Errors: StoreError for the first that does not match."""
        for file in self._sums():
            self._checked(file)

    def _sums(self) -> dict[str, str]:
        try:
            sums = dict(json.loads((self.folder / CHECKSUMS).read_text("utf8")))
        except (OSError, ValueError, TypeError, RecursionError):
            raise self._damaged("its checksums cannot be read") from None
        if (told := sums.pop(SELF, None)) not in (None, self.name) and self.name is not None:
            raise self._damaged(f"it is {str(told)[:60]}, under another name")
        return sums

    def _checked(self, file: str) -> Path:
        expected = self._sums().get(file)
        path = self.folder / file
        if expected is None or not path.is_file():
            raise self._damaged(f"file {file!r} is missing")
        if _sha256(path) != expected:
            raise self._damaged(f"file {file!r} does not match its checksum")
        return path

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"damaged artifact: {what}",
            where=str(self.folder),
            mend="delete that folder and run the suite again: only this job is repeated",
        )


class Store:
    """Artifacts by kind and key below one root folder; several processes may share it."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def folder(self, kind: str, key: str) -> Path:
        """Where an artifact lies, or would."""
        return self.root / kind / key[:2] / key

    def glance(self) -> Store:
        """The same store for many questions at once; only one that is far away needs another."""
        return self

    def has(self, kind: str, key: str) -> bool:
        """Whether it is finished."""
        # Plans ask this ten thousand times: by strings, which is much faster than by paths.
        return os.path.isfile(f"{self.root}/{kind}/{key[:2]}/{key}/{CHECKSUMS}")

    def open(self, kind: str, key: str) -> Artifact:
        """A finished artifact."""
        if not self.has(kind, key):
            raise StoreError(f"no {kind} {key}", where=str(self.root), mend="run the suite again")
        return Artifact(self.folder(kind, key), f"{kind}/{key}")

    @contextmanager
    def write(self, kind: str, key: str, name: str | None = None) -> Iterator[Draft]:
        """Fill a draft; on leaving without error it becomes the artifact, otherwise it vanishes. ``name``:
        what it is, if not ``kind/key``."""
        final = self.folder(kind, key)
        with disk_errors(self.root):
            final.parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=mine(DRAFT), dir=final.parent))
            try:
                yield Draft(folder)
                _seal(folder, name or f"{kind}/{key}")
                _publish(folder, final)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def read_loose(self, kind: str, key: str) -> bytes | None:
        """A loose file: no artifact, but of a job that is not done, and replaced as a whole. None where there
        is none, or a damaged one."""
        with suppress(OSError):
            return unsealed(self.folder(kind, key).read_bytes())
        return None

    def write_loose(self, kind: str, key: str, data: bytes) -> None:
        """Write it, in place of what was there."""
        with atomic_file(self.folder(kind, key)) as draft:
            draft.write_bytes(sealed(data))

    def drop_loose(self, kind: str, key: str) -> None:
        """Remove it, if it is there."""
        with suppress(OSError):
            self.folder(kind, key).unlink(missing_ok=True)


def sealed(data: bytes) -> bytes:
    """A loose file: the bytes behind their SHA-256."""
    return hashlib.sha256(data).digest() + data


def unsealed(file: bytes) -> bytes | None:
    """The bytes of a loose file; None where they are not those that were written."""
    data = file[_SUM:]
    return data if hashlib.sha256(data).digest() == file[:_SUM] else None


def _seal(folder: Path, name: str) -> None:
    sums = {p.name: _sha256(p) for p in sorted(folder.iterdir())}
    (folder / CHECKSUMS).write_text(canonical_json({SELF: name} | sums) + "\n", "utf8")
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())


def _publish(folder: Path, final: Path) -> None:
    folder.chmod(0o755)
    try:
        os.rename(folder, final)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        if not _less(final, folder):
            return  # another process finished the same job first: equal key, equal content
        old = folder.with_name(f"{folder.name}-old")
        os.rename(final, old)
        os.rename(folder, final)
        shutil.rmtree(old)


def _less(there: Path, folder: Path) -> bool:
    """Whether an artifact is half deleted, or holds fewer parts than a new one under the same key."""
    names = {p.name for p in there.iterdir()}
    return CHECKSUMS not in names or names < {p.name for p in folder.iterdir()}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that replaces it when the block ends without error."""
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{mine(DRAFT)}{path.name}")
        try:
            yield draft
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with atomic_file(path) as draft:
        draft.write_text(text, "utf8")
