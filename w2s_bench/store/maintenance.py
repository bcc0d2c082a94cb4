"""Keeping a store in order: what it holds, whether it is whole, what can go.

Everything here looks at folders alone and may run beside a run: an artifact that goes is a job that the next
run of its suite makes again.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from w2s_bench.errors import StoreError, UserError
from w2s_bench.records import canonical_json, content_key
from w2s_bench.store.local import CHECKSUMS, Artifact, Store, unsealed, write_text
from w2s_bench.store.temp_files import DRAFT, is_gone, sweep

SUITES = "suites"  # folder of notes which suite asked for which jobs
DAY = 86_400.0
DIARY = "diary"  # kind of the loose files in which jobs stand that are not done
ABANDONED = 3600.0  # seconds without a write after which a draft belongs to nobody


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished artifact, or the diary of a job that is not done, which is a file: its size in bytes and the
    days since it was written."""

    kind: str
    key: str
    folder: Path
    size: int
    days: float


@dataclass(frozen=True, slots=True)
class Stray:
    """A draft whose process has ended; where that cannot be known, one not written to for an hour."""

    folder: Path
    size: int


def kept(store: Store) -> Iterator[Kept]:
    """All artifacts, by kind and key. Errors: UserError for a store that is no folder."""
    now = time.time()
    for folder in _folders(store):
        if not folder.name.startswith(f"{DRAFT}-") and (folder / CHECKSUMS).is_file():
            days = max(0.0, now - (folder / CHECKSUMS).stat().st_mtime) / DAY
            yield Kept(folder.parent.parent.name, folder.name, folder, _size(folder), days)
    for file in _diaries(store):
        with suppress(OSError):  # its job ended just now
            facts = file.stat()
            yield Kept(DIARY, file.name, file, facts.st_size, max(0.0, now - facts.st_mtime) / DAY)


def _diaries(store: Store) -> list[Path]:
    found = (store.root / DIARY).glob("??/*")
    return sorted(p for p in found if p.is_file() and not p.name.startswith(f"{DRAFT}-"))


def strays(store: Store) -> Iterator[Stray]:
    """Drafts of processes that are gone, and artifacts that lost their checksums while being deleted."""
    now = time.time()
    for folder in _folders(store):
        draft = folder.name.startswith(f"{DRAFT}-") or not (folder / CHECKSUMS).is_file()
        if draft and (is_gone(folder.name) or now - _last_write(folder) > ABANDONED):
            yield Stray(folder, _size(folder))


def sweep_drafts(store: Store) -> None:
    """Remove the drafts of this machine's processes that have ended."""
    for part in store.root.glob("*/??"):
        sweep(part, DRAFT)


def sweep_checkpoints(store: Store) -> None:
    """Remove the diaries of jobs that are done."""
    for file in _diaries(store):
        if store.has("fit", file.name):
            file.unlink(missing_ok=True)


def note_suite(store: Store, name: str, keys: Collection[str]) -> None:
    """Note which jobs a suite has asked this store for, so that pruning another one leaves them. A store that
    cannot be written to may hold all that a run needs: it goes without."""
    told = {"suite": name, "keys": sorted(keys)}
    path = store.root / SUITES / f"{content_key(told)}.json"
    if not path.is_file():
        with suppress(StoreError):
            write_text(path, canonical_json(told) + "\n")


def noted_suites(store: Store) -> dict[str, set[str]]:
    """Keys of the jobs that suites have asked for, by their names. A note that cannot be read is none."""
    found: dict[str, set[str]] = {}
    for _, name, keys in _notes(store):
        found.setdefault(name, set()).update(keys)
    return found


def forget_suite(store: Store, name: str) -> None:
    """Remove the notes of a suite whose jobs are gone."""
    for path, noted, _ in _notes(store):
        if noted == name:
            path.unlink(missing_ok=True)


def _notes(store: Store) -> Iterator[tuple[Path, str, list[str]]]:
    """Notes that can be read: where each is, its suite, and the keys."""
    for path in sorted((store.root / SUITES).glob("*.json")):
        try:
            told = json.loads(path.read_text("utf8"))
            note = path, str(told["suite"]), [str(key) for key in told["keys"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        yield note


def _folders(store: Store) -> Iterator[Path]:
    if not store.root.is_dir():
        raise UserError(
            "no store here",
            where=str(store.root),
            expected="a folder that run filled",
            mend="name it with --store or W2S_STORE",
        )
    for kind in sorted(p for p in store.root.iterdir() if p.is_dir()):
        for part in sorted(p for p in kind.iterdir() if p.is_dir() and len(p.name) == 2):
            yield from sorted(p for p in part.iterdir() if p.is_dir())


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def _last_write(folder: Path) -> float:
    return max(p.stat().st_mtime for p in (folder, *folder.rglob("*")))


def damage(one: Kept) -> str | None:
    """What is wrong with an artifact, a file that is missing or not as it was written; None if whole."""
    if one.kind == DIARY:
        with suppress(OSError):  # its job ended just now
            if unsealed(one.folder.read_bytes()) is None:
                return "it does not match its checksum"
        return None
    try:
        Artifact(one.folder, f"{one.kind}/{one.key}").check()
    except StoreError as error:
        return error.what
    return None


def chosen(
    found: Collection[Kept], older: float | None, keys: Collection[str] | None, kept_keys: Collection[str]
) -> list[Kept]:
    """Those older than so many days and of these keys, where either is given; never one of ``kept_keys``."""
    return [
        one
        for one in found
        if (older is None or one.days >= older)
        and (keys is None or one.key in keys)
        and one.key not in kept_keys
    ]


def remove(folder: Path) -> None:
    """Delete an artifact or a stray: first what makes it seen as finished, then the rest."""
    if folder.is_file():
        folder.unlink(missing_ok=True)
        return
    (folder / CHECKSUMS).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
