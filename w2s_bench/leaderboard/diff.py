"""What a change of a folder of boards brings: new entries and tiers, and what was taken away or edited."""

from __future__ import annotations

from pathlib import Path

from w2s_bench.errors import StoreError
from w2s_bench.leaderboard.board import ENTRIES, STANDARD, folders, load_board
from w2s_bench.leaderboard.entry_file import BoardEntry
from w2s_bench.leaderboard.site.board_view import BoardShown
from w2s_bench.leaderboard.site_builder import shown
from w2s_bench.records import Domain
from w2s_bench.report.tables import TITLES, cells_of, markdown_table


def changes(before: Path, after: Path) -> str:
    """Markdown: the entries that ``after`` has and ``before`` has not, with their numbers and groups.

    Errors: StoreError where a file of an entry was edited or removed: entries are append-only.
    """
    _append_only(before, after)
    parts = []
    for folder in folders(after):
        board = shown(load_board(folder))
        earlier = before / folder.name
        known = {p.name for p in (earlier / ENTRIES).glob("*")}
        new = [e for e in board.entries if not {f"{e.stem}.json"} <= known]
        rerun = [e for e in board.entries if e.rerun and f"{e.stem}.rerun.json" not in known]
        if new or rerun:
            parts.append(_told(board, list({e.stem: e for e in [*new, *rerun]}.values())))
    return "\n".join(parts) or "No entry is new.\n"


def _append_only(before: Path, after: Path) -> None:
    for folder in folders(before):
        for path in sorted(p for part in (STANDARD, ENTRIES) for p in (folder / part).glob("*")):
            again = after / path.relative_to(before)
            if not again.is_file() or again.read_bytes() != path.read_bytes():
                raise StoreError(
                    "was edited" if again.is_file() else "was removed",
                    where=str(path.relative_to(before)),
                    expected="the file as it was published: boards are append-only",
                    mend="restore it; a corrected result is another entry",
                )


def _told(board: BoardShown, entries: list[BoardEntry]) -> str:
    head = ("method", "tier", "coverage", *(f"{TITLES[d]}: PGR" for d in board.domains))
    lines = [
        (
            e.entry.method,
            e.tier,
            f"{100 * e.entry.coverage:.0f}%",
            *(_pgr(board, e, d) for d in board.domains),
        )
        for e in entries
    ]
    return markdown_table(f"{board.suite.name}, version {board.suite.version}", head, lines)


def _pgr(board: BoardShown, one: BoardEntry, domain: Domain) -> str:
    row = one.pool(domain, board.pool)
    if row is None or row.pgr is None:
        return "–"
    group = board.groups[domain].get(one.stem)
    return cells_of(row)[7] + (f", group {group}" if group else "")
