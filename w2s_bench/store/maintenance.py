"""Maintenance of a store: what it holds, whether it is undamaged, what can be deleted.

All functions may be called during a run: the next run of a suite repeats the job of a deleted artifact.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from w2s_bench.errors import StoreError, UserError
from w2s_bench.records import canonical_json, content_key
from w2s_bench.store.local import CHECKSUMS, Artifact, Store, unsealed, write_text
from w2s_bench.store.temp_files import DRAFT, is_gone, sweep

SUITES = "suites"  # folder of notes with the jobs of each suite
DAY = 86_400.0
CHECKPOINT = "checkpoint"  # kind of the loose files that unfinished jobs resume from
ABANDONED = 3600.0  # seconds without a write after which a draft belongs to nobody


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """A finished artifact, which is a folder, or the checkpoint of an unfinished job, which is a file.

    ``size`` in bytes; ``days`` since it was written.
    """

    kind: str
    key: str
    path: Path
    size: int
    days: float


@dataclass(frozen=True, slots=True)
class AbandonedDraft:
    """A draft whose process has ended or, if that is not known, that nobody wrote to for an hour."""

    path: Path
    size: int


def artifacts(store: Store) -> Iterator[StoredArtifact]:
    """All artifacts and checkpoints, by kind and key. Errors: UserError for a store that is no folder."""
    now = time.time()
    for folder in _folders(store):
        if not folder.name.startswith(f"{DRAFT}-") and (folder / CHECKSUMS).is_file():
            days = max(0.0, now - (folder / CHECKSUMS).stat().st_mtime) / DAY
            yield StoredArtifact(folder.parent.parent.name, folder.name, folder, _size(folder), days)
    for file in _checkpoints(store):
        with suppress(OSError):  # its job ended just now
            facts = file.stat()
            yield StoredArtifact(
                CHECKPOINT, file.name, file, facts.st_size, max(0.0, now - facts.st_mtime) / DAY
            )


def _checkpoints(store: Store) -> list[Path]:
    paths = (store.root / CHECKPOINT).glob("??/*")
    return sorted(p for p in paths if p.is_file() and not p.name.startswith(f"{DRAFT}-"))


def abandoned_drafts(store: Store) -> Iterator[AbandonedDraft]:
    """Drafts of processes that are gone, and artifacts that lost their checksums while being deleted."""
    now = time.time()
    for folder in _folders(store):
        draft = folder.name.startswith(f"{DRAFT}-") or not (folder / CHECKSUMS).is_file()
        if draft and (is_gone(folder.name) or now - _last_write(folder) > ABANDONED):
            yield AbandonedDraft(folder, _size(folder))


def sweep_drafts(store: Store) -> None:
    """Remove the drafts of this machine's processes that have ended."""
    for part in store.root.glob("*/??"):
        sweep(part, DRAFT)


def sweep_checkpoints(store: Store) -> None:
    """Remove the checkpoints of finished jobs."""
    for file in _checkpoints(store):
        if store.has("fit", file.name):
            file.unlink(missing_ok=True)


def note_suite(store: Store, name: str, keys: Collection[str]) -> None:
    """Note the jobs of a suite, so that pruning another suite leaves them; skipped for a read-only store."""
    note = {"suite": name, "keys": sorted(keys)}
    path = store.root / SUITES / f"{content_key(note)}.json"
    if not path.is_file():
        with suppress(StoreError):
            write_text(path, canonical_json(note) + "\n")


def noted_suites(store: Store) -> dict[str, set[str]]:
    """Keys of the jobs of each noted suite, by its name; unreadable notes are ignored."""
    keys_of: dict[str, set[str]] = {}
    for _, name, keys in _notes(store):
        keys_of.setdefault(name, set()).update(keys)
    return keys_of


def forget_suite(store: Store, name: str) -> None:
    """Remove the notes of a suite whose jobs are gone."""
    for path, noted, _ in _notes(store):
        if noted == name:
            path.unlink(missing_ok=True)


def _notes(store: Store) -> Iterator[tuple[Path, str, list[str]]]:
    """Readable notes: the path, the suite and the keys of each."""
    for path in sorted((store.root / SUITES).glob("*.json")):
        try:
            document = json.loads(path.read_text("utf8"))
            note = path, str(document["suite"]), [str(key) for key in document["keys"]]
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


def damage(artifact: StoredArtifact) -> str | None:
    """The damage of an artifact, a file that is missing or was changed; None for an intact one."""
    if artifact.kind == CHECKPOINT:
        with suppress(OSError):  # its job ended just now
            if unsealed(artifact.path.read_bytes()) is None:
                return "it does not match its checksum"
        return None
    try:
        Artifact(artifact.path, f"{artifact.kind}/{artifact.key}").check()
    except StoreError as error:
        return error.what
    return None


def to_prune(
    stored: Iterable[StoredArtifact], older: float | None, keys: Collection[str] | None, keep: Collection[str]
) -> list[StoredArtifact]:
    """Artifacts at least ``older`` days old with one of ``keys``, if given; never those in ``keep``."""
    old = (a for a in stored if older is None or a.days >= older)
    return [a for a in old if (keys is None or a.key in keys) and a.key not in keep]


def remove(path: Path) -> None:
    """Delete an artifact, a checkpoint or a draft: first the mark of a finished one, then the rest."""
    if path.is_file():
        path.unlink(missing_ok=True)
        return
    (path / CHECKSUMS).unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)
