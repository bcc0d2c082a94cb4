"""Artifacts on object storage or any file system of fsspec: one object for each artifact.

``<address>/<kind>/<key[:2]>/<key>.zip`` holds the files of an artifact, uncompressed, with their
``checksums.json``. It is made on this machine and uploaded as one object: on S3, GCS and Azure an upload
shows the whole object or none; elsewhere a temporary object is renamed. Objects are unpacked into a folder of
this machine, checked, and read there. If two processes upload one key, the last whole object stays: equal
key, equal content.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from w2s_bench.errors import StoreError
from w2s_bench.store.local import CHECKSUMS, SELF, Artifact, Draft, Store, sealed, unsealed

WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})  # uploads are atomic
Place = Path | str  # a folder, or an address with "://"


def place(text: str) -> Place:
    """A path, or the text itself if it is an address."""
    return text if "://" in text else Path(text)


def store_at(where: Place) -> Store:
    """The store at a folder or an address."""
    return RemoteStore(where) if isinstance(where, str) else Store(where)


class RemoteStore(Store):
    """Artifacts by kind and key below one address; several machines may share it.

    ``cache``: the folder of this machine for unpacked objects; by default below the user's cache folder.
    Errors: StoreError without a library for the address, a connection or a permission.
    """

    def __init__(self, address: str, cache: Path | None = None) -> None:
        with _reaching(address):
            import fsspec

            # Cached listings could be outdated.
            self._fs, self._base = fsspec.core.url_to_fs(address, use_listings_cache=False)
        self.address = address.rstrip("/")
        super().__init__(cache or _cache(self.address))
        self._local = Store(self.root)
        self._known: dict[str, frozenset[str]] | None = None

    def _object(self, kind: str, key: str) -> str:
        return f"{self._base.rstrip('/')}/{kind}/{key[:2]}/{key}.zip"

    def _address(self, kind: str, key: str) -> str:
        return f"{self.address}/{kind}/{key[:2]}/{key}.zip"

    def glance(self) -> Store:
        listed = RemoteStore(self.address, self.root)
        listed._known = {}
        return listed

    def has(self, kind: str, key: str) -> bool:
        with _reaching(self.address):
            if self._known is None:
                return bool(self._fs.exists(self._object(kind, key)))
            if kind not in self._known:
                paths: list[str] = []
                with suppress(FileNotFoundError):
                    paths = self._fs.find(f"{self._base.rstrip('/')}/{kind}")
                self._known[kind] = frozenset(Path(p).stem for p in paths)
            return key in self._known[kind]

    def open(self, kind: str, key: str) -> Artifact:
        """The finished artifact, from the cache if the same object was read before."""
        try:
            with _reaching(self.address):
                facts = self._fs.info(self._object(kind, key))
                stamp = f"{key}-{_stamp(facts)}"
                if not self._local.has(kind, stamp):
                    self._unpack(kind, key, stamp)
        except FileNotFoundError:
            raise StoreError(f"no {kind} {key}", where=self.address, mend="run the suite again") from None
        return Artifact(self._local.folder(kind, stamp), f"{kind}/{key}")

    def _unpack(self, kind: str, key: str, stamp: str) -> None:
        packed = self._fs.cat_file(self._object(kind, key))
        try:
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
            sums = json.loads(files.pop(CHECKSUMS))
            name = sums.pop(SELF, f"{kind}/{key}")
            whole = sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        except (zipfile.BadZipFile, KeyError, ValueError, AttributeError, TypeError, RecursionError):
            whole = False
        if not whole:
            raise StoreError(
                "damaged artifact: it does not match its checksums",
                where=self._address(kind, key),
                mend="delete that object and run the suite again: only this job is repeated",
            )
        with self._local.write(kind, stamp, name) as draft:
            for file, data in files.items():
                (draft.folder / file).write_bytes(data)

    @contextmanager
    def write(self, kind: str, key: str, name: str | None = None) -> Iterator[Draft]:
        """A draft on this machine, uploaded as one object when the block ends without error."""
        stamp = f"{key}-new-{uuid.uuid4().hex}"
        with self._local.write(kind, stamp, f"{kind}/{key}") as draft:
            yield draft
        made = self._local.folder(kind, stamp)
        try:
            if self._fuller(kind, key, {p.name for p in made.iterdir()}):
                with _reaching(self.address):
                    self._put(self._object(kind, key), _pack(made))
        finally:
            for path in made.iterdir():
                path.unlink()
            made.rmdir()

    def read_loose(self, kind: str, key: str) -> bytes | None:
        try:
            with _reaching(self.address):
                return unsealed(self._fs.cat_file(self._loose_object(kind, key)))
        except FileNotFoundError:
            return None

    def write_loose(self, kind: str, key: str, data: bytes) -> None:
        with _reaching(self.address):
            self._put(self._loose_object(kind, key), sealed(data))

    def drop_loose(self, kind: str, key: str) -> None:
        with suppress(FileNotFoundError), _reaching(self.address):
            self._fs.rm_file(self._loose_object(kind, key))

    def _loose_object(self, kind: str, key: str) -> str:
        return f"{self._base.rstrip('/')}/{kind}/{key[:2]}/{key}"

    def _fuller(self, kind: str, key: str, names: set[str]) -> bool:
        """Whether a new artifact has more parts than the stored one, or the stored one is damaged."""
        try:
            stored = self.open(kind, key).folder if self.has(kind, key) else None
        except StoreError:
            return True
        return stored is None or {p.name for p in stored.iterdir()} < names

    def _put(self, path: str, packed: bytes) -> None:
        protocol = self._fs.protocol if isinstance(self._fs.protocol, str) else self._fs.protocol[0]
        if protocol in WHOLE:
            self._fs.pipe_file(path, packed)
            return
        draft = f"{path}.draft-{uuid.uuid4().hex}"
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            self._fs.pipe_file(draft, packed)
            self._fs.mv(draft, path)
        except BaseException:
            if self._fs.exists(draft):
                self._fs.rm_file(draft)
            raise


def _pack(folder: Path) -> bytes:
    """The files of a finished artifact as one archive, the same bytes for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
    return packed.getvalue()


def _stamp(facts: dict[str, Any]) -> str:
    """A hash of the file system's metadata that tells successive objects of one key apart."""
    names = ("size", "ETag", "etag", "mtime", "created", "md5Hash")
    known = {name: str(facts[name]) for name in names if name in facts}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def _cache(address: str) -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("w2s-bench") / "remote" / hashlib.sha256(address.encode()).hexdigest()[:16]


@contextmanager
def _reaching(address: str) -> Iterator[None]:
    """Turn any error but a missing file into one :class:`StoreError`."""
    try:
        yield
    except (StoreError, FileNotFoundError):
        raise
    except ImportError as error:
        raise StoreError(
            f"no library for this address: {error}"[:200],
            where=address,
            expected="an address of a file system whose library is installed",
            mend="for s3:// pip install 'w2s-bench[s3]'",
        ) from None
    except Exception as error:
        raise StoreError(
            f"cannot be reached: {type(error).__name__}: {error}"[:300],
            where=address,
            expected="an address that can be read and written from here",
            mend="check the address, the network and the rights of this account",
        ) from None
