"""A folder of content-keyed artifacts, written whole or not at all, checked when they are read.

``<root>/<kind>/<key[:2]>/<key>/`` holds the files of one artifact (JSON, safetensors, Parquet; never pickle)
and ``checksums.json``. It is filled in a temporary folder and appears by one rename, so that a visible
artifact is finished.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
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
SELF = ""  # the entry of the checksums that names the artifact itself; older ones lack it
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
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number is None and re.search("No space left on device|os error 28", str(error)):
            number = errno.ENOSPC  # safetensors and Arrow wrap the system's error in types of their own
        if number not in _MEND:
            raise
        raise StoreError(
            f"cannot write: {os.strerror(number)}", where=str(path), mend=_MEND[number]
        ) from None


@dataclass(frozen=True, slots=True)
class Draft:
    """An artifact that is being written."""

    folder: Path

    def json(self, name: str, value: Any) -> None:
        """Write a JSON value to a file."""
        (self.folder / f"{name}.json").write_text(canonical_json(value) + "\n", "utf8")

    def arrays(self, name: str, arrays: Mapping[str, NDArray]) -> None:
        """Write named arrays as safetensors."""
        from safetensors.numpy import save_file

        save_file(
            {k: np.ascontiguousarray(v) for k, v in arrays.items()}, self.folder / f"{name}.safetensors"
        )

    def table(self, name: str, columns: Mapping[str, Any]) -> None:
        """Write columns to a Parquet file."""
        import pyarrow
        import pyarrow.parquet

        path = self.folder / f"{name}.parquet"
        pyarrow.parquet.write_table(pyarrow.table(dict(columns)), path, compression="zstd")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A finished artifact; every read checks the file against its checksum.

    ``name``: the kind and key under which it was opened; an artifact with another name is damaged.
    """

    folder: Path
    name: str | None = None

    def json(self, name: str) -> Any:
        """Read a JSON value from its file."""
        return json.loads(self._checked(f"{name}.json").read_text("utf8"))

    def arrays(self, name: str) -> dict[str, NDArray]:
        """Read the arrays of a file by name."""
        from safetensors.numpy import load_file

        return load_file(self._checked(f"{name}.safetensors"))

    def table(self, name: str) -> dict[str, list[Any]]:
        """Read columns as Python lists."""
        import pyarrow.parquet

        return pyarrow.parquet.read_table(self._checked(f"{name}.parquet")).to_pydict()

    def names(self) -> list[str]:
        """Names of the artifact's files, without their suffixes."""
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
        if (name := sums.pop(SELF, None)) not in (None, self.name) and self.name is not None:
            raise self._damaged(f"it is {str(name)[:60]}, under another name")
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
        """The folder of an artifact, whether it exists or not."""
        return self.root / kind / key[:2] / key

    def glance(self) -> Store:
        """The store for many calls of :meth:`has` at once; a remote store caches its listings for them."""
        return self

    def has(self, kind: str, key: str) -> bool:
        """Whether a finished artifact has that kind and key."""
        # Plans call this ten thousand times: strings are much faster than paths.
        return os.path.isfile(f"{self.root}/{kind}/{key[:2]}/{key}/{CHECKSUMS}")

    def open(self, kind: str, key: str) -> Artifact:
        """The finished artifact. Errors: StoreError where there is none."""
        if not self.has(kind, key):
            raise StoreError(f"no {kind} {key}", where=str(self.root), mend="run the suite again")
        return Artifact(self.folder(kind, key), f"{kind}/{key}")

    @contextmanager
    def write(self, kind: str, key: str, name: str | None = None) -> Iterator[Draft]:
        """A draft to fill, which becomes the artifact when the block ends without error and is removed
        otherwise. ``name``: the name in its checksums, if not ``kind/key``."""
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
        """The bytes of a loose file, such as a checkpoint of an unfinished job; None where it is missing or
        damaged. Loose files are no artifacts: they are replaced as a whole."""
        with suppress(OSError):
            return unsealed(self.folder(kind, key).read_bytes())
        return None

    def write_loose(self, kind: str, key: str, data: bytes) -> None:
        """Write or replace a loose file."""
        with atomic_file(self.folder(kind, key)) as draft:
            draft.write_bytes(sealed(data))

    def drop_loose(self, kind: str, key: str) -> None:
        """Remove a loose file if it exists."""
        with suppress(OSError):
            self.folder(kind, key).unlink(missing_ok=True)


def sealed(data: bytes) -> bytes:
    """The content of a loose file: the SHA-256 of the bytes, then the bytes."""
    return hashlib.sha256(data).digest() + data


def unsealed(file: bytes) -> bytes | None:
    """The bytes of a loose file's content; None if they do not match their SHA-256."""
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
        names = {p.name for p in final.iterdir()}
        if CHECKSUMS in names and not names < {p.name for p in folder.iterdir()}:
            return  # another process finished the same job first: equal key, equal content
        # the old artifact is half deleted, or has fewer parts than the new one
        old = folder.with_name(f"{folder.name}-old")
        os.rename(final, old)
        os.rename(folder, final)
        shutil.rmtree(old)


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
