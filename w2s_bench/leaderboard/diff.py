"""Compare two copies of a folder of boards: list new entries and reruns, refuse edits and removals."""

from __future__ import annotations

from pathlib import Path

from w2s_bench.errors import StoreError
from w2s_bench.leaderboard.board import (
    ARCHIVED,
    CHECKSUMS,
    ENTRIES,
    RERUN,
    STANDARD,
    archived,
    folders,
    load_board,
)
from w2s_bench.leaderboard.entry_file import BoardEntry
from w2s_bench.leaderboard.site.board_view import BoardShown
from w2s_bench.leaderboard.site_builder import shown
from w2s_bench.records import Domain
from w2s_bench.report.columns import PGR
from w2s_bench.report.tables import TITLES, markdown_table


def changes(before: Path, after: Path) -> str:
    """Markdown tables of the entries and reruns that only ``after`` has, with their PGR and tie groups.

    Errors: StoreError for an edited or removed file, or a new entry of an archive.
    """
    _check_append_only(before, after)
    tables = []
    for folder in folders(after):
        board = shown(load_board(folder))
        earlier = before / folder.name
        known = {p.name for p in (earlier / ENTRIES).glob("*")}
        new = [e for e in board.entries if f"{e.stem}.json" not in known]
        if new and archived(earlier):
            raise StoreError(
                "was added to an archive, which takes no new entries",
                where=f"{folder.name}/{ENTRIES}/{new[0].stem}.json",
                expected="an entry of a board that is open",
                mend="run the suite in its present version, and add the bundle of that run",
            )
        rerun = [e for e in board.entries if e.rerun and e.stem + RERUN not in known]
        if new or rerun:
            tables.append(_table(board, list({e.stem: e for e in [*new, *rerun]}.values())))
    return "\n".join(tables) or "No entry is new.\n"


def _check_append_only(before: Path, after: Path) -> None:
    for folder in folders(before):
        whole = [*(folder / STANDARD).glob("*"), *(folder / ENTRIES).glob("*")]
        for path in sorted([*whole, folder / ARCHIVED, folder / CHECKSUMS]):
            copy = after / path.relative_to(before)
            if path.exists() and (not copy.is_file() or copy.read_bytes() != path.read_bytes()):
                raise StoreError(
                    "was edited" if copy.is_file() else "was removed",
                    where=str(path.relative_to(before)),
                    expected="the file as it was published: boards are append-only",
                    mend="restore it; a corrected result is another entry",
                )


def _table(board: BoardShown, entries: list[BoardEntry]) -> str:
    head = ("method", "tier", "coverage", *(f"{TITLES[d]}: PGR" for d in board.domains))
    lines = [
        (e.entry.method, e.tier, f"{e.entry.coverage:.0%}", *(_pgr(board, e, d) for d in board.domains))
        for e in entries
    ]
    return markdown_table(f"{board.suite.name}, version {board.suite.version}", head, lines)


def _pgr(board: BoardShown, item: BoardEntry, domain: Domain) -> str:
    row = item.pool(domain, board.pool)
    if row is None or row.pgr is None:
        return "–"
    group = board.groups[domain].get(item.stem)
    return PGR.text(row) + (f", group {group}" if group else "")
