"""A folder of weights as a fingerprint: the SHA-256 of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import cache
from pathlib import Path

Stamps = tuple[tuple[str, int, int], ...]


def folder_hash(folder: Path, but: Collection[str] = ()) -> str:
    """A hash of all files below ``folder``, except those named in ``but``."""
    return _hash(folder, _stamps(folder, frozenset(but)))


def _stamps(folder: Path, but: frozenset[str]) -> Stamps:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in but)
    return tuple((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files)


@cache
def _hash(folder: Path, stamps: Stamps) -> str:
    """The hash, computed once for each state of the folder's files."""
    digest = hashlib.sha256()
    for path, _, _ in stamps:
        with open(path, "rb") as stream:
            file = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{Path(path).relative_to(folder)}\0{file}\0".encode())
    return f"folder:{digest.hexdigest()[:32]}"
