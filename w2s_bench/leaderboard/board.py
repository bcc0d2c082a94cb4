"""A board is a folder ``<suite>-<version>/`` of a standard, entries and their bundles; append-only.

``standard/`` is what ``board gold`` writes. ``entries/NAME.json`` is what a bundle was scored to,
``entries/NAME.zip`` the bundle itself, ``entries/NAME.rerun.json`` the record of its rerun where there is
one. Nothing that stands there is ever written again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from w2s_bench.errors import StoreError, UserError
from w2s_bench.leaderboard.entry import entry_of, tells_the_same
from w2s_bench.leaderboard.entry_file import BoardEntry, Published, Rerun, dump, load
from w2s_bench.plan.extra_methods import ALL
from w2s_bench.report.entries import file_name
from w2s_bench.store.local import atomic_file, write_text
from w2s_bench.submission import archive
from w2s_bench.submission.manifest import Manifest, refused
from w2s_bench.submission.standard import Standard, read_standard, shipped_suite, standard_of, write_standard
from w2s_bench.submission.verify import Verified, verify_members
from w2s_bench.suite import Suite

STANDARD, ENTRIES, RERUN = "standard", "entries", ".rerun.json"


@dataclass(frozen=True, slots=True)
class Board:
    """One board: its folder, its standard, its entries in the order of their names."""

    folder: Path
    standard: Standard
    shelved: list[BoardEntry]


def board_folder(root: Path, suite: Suite) -> Path:
    """Where the board of a suite's version stands."""
    return root / f"{suite.name}-{suite.version}"


def add(
    bundle: Path, root: Path, hub: Path | None = None, store: Path | None = None, gold: Path | None = None
) -> tuple[Path, Published]:
    """Verify a bundle and put it on its board, which is begun if it is not there.

    The first entry of a board fixes its standard: that of ``gold``, or of the installed suite. Errors:
    StoreError for a bundle that does not hold; UserError for one that is there already.
    """
    members = archive.read(bundle)
    done = verify_members(members, str(bundle), partial(_standard, root, (hub, store, gold)))
    standard = done.standard
    folder = board_folder(root, standard.suite)
    data = archive.pack(members)  # equal to the file: that was checked
    entry = entry_of(done, hashlib.sha256(data).hexdigest())
    path = _place(folder, entry)
    if not (folder / STANDARD).exists():
        write_standard(folder / STANDARD, standard)
    with atomic_file(path.with_suffix(".zip")) as draft:
        draft.write_bytes(data)
    write_text(path, dump(entry))
    return path, entry


def _standard(
    root: Path, sources: tuple[Path | None, Path | None, Path | None], manifest: Manifest, where: str
) -> Standard:
    """The standard of the board of a bundle's suite; of a new one, from ``gold`` or the installed suite.
    ``sources``: mirror, store, gold."""
    wanted, (hub, store, gold) = manifest.suite.hash, sources
    for folder in folders(root):
        standard = read_standard(folder / STANDARD)
        if standard.suite.hash == wanted:
            return standard
    found = shipped_suite(wanted)
    if gold is not None:
        standard = read_standard(gold)
    elif found is not None:
        standard = standard_of(*found, [ALL], hub, store)
    else:
        raise refused(
            f"field 'suite.hash': no board and no shipped suite has {wanted}",
            where,
            f"a suite that has a board below {root}, or one that w2s-bench list suites shows",
            "give the suite's published gold with --gold to begin its board",
        )
    _check_new(board_folder(root, standard.suite), standard)
    return standard


def _check_new(folder: Path, standard: Standard) -> None:
    if folder.exists():
        raise UserError(
            f"another suite of that name and version has its board here (not hash {standard.suite.hash})",
            where=str(folder),
            expected="a new version number for a suite that changed",
        )


def _place(folder: Path, entry: Published) -> Path:
    """The file of a new entry. Errors: UserError for one that is there already."""
    stem = f"{file_name(entry.method)}-{entry.bundle[:8]}"
    for path in sorted((folder / ENTRIES).glob("*.json")) if folder.exists() else ():
        if path.name.endswith(RERUN):
            continue
        there: Published = load(Published, path)
        if there.bundle == entry.bundle:
            raise _there(path, "this very bundle")
        if (there.method, there.code, there.options) == (entry.method, entry.code, entry.options):
            raise _there(path, f"{entry.method} with the same code and options")
    return folder / ENTRIES / f"{stem}.json"


def _there(path: Path, what: str) -> UserError:
    return UserError(
        f"the board has {what} already",
        where=str(path),
        expected="a method, code or options that are new here",
        mend="entries are never written again; another version of a method is another entry",
    )


def folders(root: Path) -> list[Path]:
    """The boards below a folder, in the order of their names."""
    return sorted(p.parent for p in root.glob(f"*/{STANDARD}") if p.is_dir())


def load_board(folder: Path) -> Board:
    """A board as it stands. Errors: StoreError for a damaged file, a bundle that is not the entry's, or an
    entry of another suite."""
    standard = read_standard(folder / STANDARD)
    paths = [p for p in sorted((folder / ENTRIES).glob("*.json")) if not p.name.endswith(RERUN)]
    return Board(folder, standard, [_shelved(path, standard) for path in paths])


def _shelved(path: Path, standard: Standard) -> BoardEntry:
    entry: Published = load(Published, path)
    if entry.suite_hash != standard.suite.hash:
        raise _damaged(path, f"field 'suite_hash': {entry.suite_hash}", standard.suite.hash)
    try:
        digest = hashlib.sha256(path.with_suffix(".zip").read_bytes()).hexdigest()
    except OSError as error:
        raise _damaged(path, f"its bundle cannot be read ({error})", path.with_suffix(".zip").name) from None
    if digest != entry.bundle:
        raise _damaged(path, "field 'bundle' is not the hash of the bundle beside it", digest)
    beside = path.with_name(path.stem + RERUN)
    rerun: Rerun | None = load(Rerun, beside) if beside.exists() else None
    if rerun is not None and rerun.entry != entry.bundle:
        raise _damaged(beside, "field 'entry' is the hash of another bundle", entry.bundle)
    return BoardEntry(path.stem, entry, rerun)


def check(folder: Path) -> list[str]:
    """Score every bundle of a board again and compare it with its entry; returns the names of those that
    hold. Errors: StoreError for the first that does not."""
    board = load_board(folder)
    for one in board.shelved:
        path = folder / ENTRIES / f"{one.stem}.zip"
        done: Verified = verify_members(archive.read(path), str(path), lambda *_: board.standard)
        again = entry_of(done, one.entry.bundle, one.entry)
        if not tells_the_same(again, one.entry):
            raise _damaged(path.with_suffix(".json"), "is not what its bundle is scored to", "that")
    return [one.stem for one in board.shelved]


def _damaged(path: Path, what: str, expected: str) -> StoreError:
    return StoreError(what, where=str(path), expected=expected, mend="restore the file as it was published")
