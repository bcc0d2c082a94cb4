"""A board is an append-only folder ``<suite>-<version>/``: a standard, entries and their bundles.

``board gold`` writes ``standard/``. ``entries/NAME.zip`` is a bundle, ``entries/NAME.json`` holds its scores,
and ``entries/NAME.rerun.json`` the record of its rerun, if any. No file is ever rewritten. A file
``ARCHIVED`` closes the board to new entries; its text is the reason, which the site shows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from w2s_bench.errors import StoreError, UserError
from w2s_bench.leaderboard.entry import entry_of, equal_but_for_rounding
from w2s_bench.leaderboard.entry_file import BoardEntry, Published, Rerun, dump, load
from w2s_bench.plan.extra_methods import ALL
from w2s_bench.report.entries import file_name
from w2s_bench.store.local import atomic_file, write_text
from w2s_bench.submission import archive
from w2s_bench.submission.manifest import Manifest, refused
from w2s_bench.submission.standard import Standard, read_standard, shipped_suite, standard_of, write_standard
from w2s_bench.submission.verify import verify_members
from w2s_bench.suite import Suite

STANDARD, ENTRIES, RERUN, ARCHIVED = "standard", "entries", ".rerun.json", "ARCHIVED"
CHECKSUMS = "CHECKSUMS"  # of an archive: SHA-256 and path of each entry, as sha256sum writes them


@dataclass(frozen=True, slots=True)
class Board:
    """A board: its entries in the order of their file names, and the reason if it is ``archived``."""

    folder: Path
    standard: Standard
    entries: list[BoardEntry]
    archived: str | None = None


def board_folder(root: Path, suite: Suite) -> Path:
    """The folder of a suite's board, whether it exists or not."""
    return root / f"{suite.name}-{suite.version}"


def add(
    bundle: Path, root: Path, hub: Path | None = None, store: Path | None = None, gold: Path | None = None
) -> tuple[Path, Published]:
    """Verify a bundle and add it to the board of its suite; return the file and the entry.

    The first entry of a suite creates the board, with the standard in ``gold`` or of the installed suite.
    Errors: StoreError for a bundle that does not verify; UserError for a duplicate or an archive.
    """
    members = archive.read(bundle)
    verified = verify_members(members, str(bundle), partial(_standard, root, (hub, store, gold)))
    standard = verified.standard
    folder = board_folder(root, standard.suite)
    data = archive.pack(members)  # the bytes of the file, as archive.read has checked
    entry = entry_of(verified, hashlib.sha256(data).hexdigest())
    path = _new_file(folder, entry)
    if not (folder / STANDARD).exists():
        write_standard(folder / STANDARD, standard)
    with atomic_file(path.with_suffix(".zip")) as draft:
        draft.write_bytes(data)
    write_text(path, dump(entry))
    return path, entry


def _standard(
    root: Path, sources: tuple[Path | None, Path | None, Path | None], manifest: Manifest, where: str
) -> Standard:
    """The standard of a suite's board; of a new board that of ``gold`` or of the installed suite.
    ``sources``: mirror, store, gold."""
    suite_hash, (hub, store, gold) = manifest.suite.hash, sources
    for folder in folders(root):
        standard = read_standard(folder / STANDARD)
        if standard.suite.hash == suite_hash:
            if reason := archived(folder):
                raise UserError(
                    "this board is an archive and takes no new entries",
                    where=str(folder),
                    expected=f"a board that is open ({reason})",
                    mend="run the suite in its present version, submit that run, and add its bundle",
                )
            return standard
    suite = shipped_suite(suite_hash)
    if gold is not None:
        standard = read_standard(gold)
    elif suite is not None:
        standard = standard_of(*suite, [ALL], hub, store)
    else:
        raise refused(
            f"field 'suite.hash': no board and no shipped suite has {suite_hash}",
            where,
            f"a suite that has a board below {root}, or one that w2s-bench list suites shows",
            "give the suite's published gold with --gold to create its board",
        )
    folder = board_folder(root, standard.suite)
    if folder.exists():
        raise UserError(
            f"the board here is of another suite with that name and version (not hash {standard.suite.hash})",
            where=str(folder),
            expected="a new version number for a suite that changed",
        )
    return standard


def archived(folder: Path) -> str | None:
    """The reason why a board takes no new entries, as one line; None for an open board. Errors: StoreError
    for a file ``ARCHIVED`` without a reason."""
    path = folder / ARCHIVED
    if not path.exists():
        return None
    try:
        reason = " ".join(path.read_text("utf8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, f"cannot be read ({error})", "a text that says why") from None
    if not reason:
        raise _damaged(path, "gives no reason", "a text that says why the board is closed")
    return reason


def _new_file(folder: Path, entry: Published) -> Path:
    """The file of a new entry. Errors: UserError for a duplicate."""
    for path in _entry_files(folder):
        other: Published = load(Published, path)
        if other.bundle == entry.bundle:
            what = "this very bundle"
        elif (other.method, other.code, other.options) == (entry.method, entry.code, entry.options):
            what = f"{entry.method} with the same code and options"
        else:
            continue
        raise UserError(
            f"the board has {what} already",
            where=str(path),
            expected="a method, code or options that the board does not have",
            mend="entries are never rewritten; another version of a method is another entry",
        )
    return folder / ENTRIES / f"{file_name(entry.method)}-{entry.bundle[:8]}.json"


def _entry_files(folder: Path) -> list[Path]:
    return [p for p in sorted((folder / ENTRIES).glob("*.json")) if not p.name.endswith(RERUN)]


def folders(root: Path) -> list[Path]:
    """The boards below a folder, in the order of their names."""
    return sorted(p.parent for p in root.glob(f"*/{STANDARD}") if p.is_dir())


def load_board(folder: Path) -> Board:
    """Read a board. Errors: StoreError for a damaged file, or an entry of another bundle or suite."""
    standard = read_standard(folder / STANDARD)
    entries = [_entry(path, standard) for path in _entry_files(folder)]
    return Board(folder, standard, entries, archived(folder))


def _entry(path: Path, standard: Standard) -> BoardEntry:
    entry: Published = load(Published, path)
    if entry.suite_hash != standard.suite.hash:
        raise _damaged(path, f"field 'suite_hash': {entry.suite_hash}", standard.suite.hash)
    try:
        digest = hashlib.sha256(path.with_suffix(".zip").read_bytes()).hexdigest()
    except OSError as error:
        raise _damaged(path, f"its bundle cannot be read ({error})", path.with_suffix(".zip").name) from None
    if digest != entry.bundle:
        raise _damaged(path, "field 'bundle' is not the hash of the bundle beside it", digest)
    record = path.with_name(path.stem + RERUN)
    rerun: Rerun | None = load(Rerun, record) if record.exists() else None
    if rerun is not None and rerun.entry != entry.bundle:
        raise _damaged(record, "field 'entry' is the hash of another bundle", entry.bundle)
    return BoardEntry(path.stem, entry, rerun)


def check(folder: Path) -> list[str]:
    """Score every bundle of a board again by the board's own standard; return the names of the entries.

    An archive's intervals are those of the edition that made it. Where its entries have the hashes in
    ``CHECKSUMS``, its points alone must agree. Errors: StoreError for the first entry that differs.
    """
    board = load_board(folder)
    intervals = board.archived is None or not _has_published_hashes(folder)
    for item in board.entries:
        path = folder / ENTRIES / f"{item.stem}.zip"
        verified = verify_members(archive.read(path), str(path), lambda *_: board.standard)
        again = entry_of(verified, item.entry.bundle, item.entry)
        if not equal_but_for_rounding(again, item.entry, intervals=intervals):
            raise _damaged(
                path.with_suffix(".json"), "is not what its bundle is scored to", "the scores of its bundle"
            )
    return [item.stem for item in board.entries]


def _has_published_hashes(folder: Path) -> bool:
    """Whether an archive states the hashes of its entries. Errors: StoreError where an entry has another."""
    path = folder / CHECKSUMS
    if not path.exists():
        return False
    try:
        lines = [line.split(maxsplit=1) for line in path.read_text("utf8").splitlines()]
        published = {name: digest for digest, name in lines}
    except (OSError, ValueError) as error:
        raise _damaged(path, f"cannot be read ({error})", "lines of a hash and a path") from None
    present = {f"{ENTRIES}/{p.name}": p for p in _entry_files(folder)}
    if missing := published.keys() ^ present.keys():
        raise _damaged(path, f"{min(missing)} is in one of the list and the folder", "both to agree")
    for name, entry in present.items():
        if hashlib.sha256(entry.read_bytes()).hexdigest() != published[name]:
            raise _damaged(entry, f"has another hash than in {CHECKSUMS}", published[name])
    return True


def _damaged(path: Path, what: str, expected: str) -> StoreError:
    return StoreError(what, where=str(path), expected=expected, mend="restore the file as it was published")
