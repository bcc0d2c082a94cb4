"""Build the site of all boards, and serve it on this machine."""

from __future__ import annotations

import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from w2s_bench.errors import UserError
from w2s_bench.leaderboard.board import ENTRIES, Board, folders, load_board
from w2s_bench.leaderboard.site.board_view import BoardShown, rank
from w2s_bench.leaderboard.site.build import Built, build

MARK = "w2s-bench-site"  # a file that says that a folder is ours to write anew


def build_site(root: Path, out: Path) -> Built:
    """Write the site of all boards below ``root`` to ``out``, in place of an earlier site.

    Errors: UserError for a folder without boards, or an ``out`` that holds something else.
    """
    boards = [load_board(folder) for folder in folders(root)]
    if not boards:
        raise UserError(
            "no board here",
            where=str(root),
            expected="folders SUITE-VERSION with a standard, as board add makes them",
            mend="w2s-bench board add BUNDLE --board DIR",
        )
    _clear(out)
    built = build([shown(b) for b in boards], out, {b.folder.name: b.folder / ENTRIES for b in boards})
    (out / MARK).write_text("made by w2s-bench board build; written anew by the next one\n", "utf8")
    return built


def shown(board: Board) -> BoardShown:
    """The view of a board for its pages, with tie groups."""
    suite, toml = board.standard.suite, board.standard.toml
    groups = rank(suite, board.entries)
    return BoardShown(board.folder.name, suite, toml, board.entries, groups, archived=board.archived)


def _clear(out: Path) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / MARK).is_file())):
        raise UserError(
            "this holds something that is no site of ours",
            where=str(out),
            expected="a new or empty folder, or one that board build wrote",
            mend="give another --out",
        )
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)


def check_site(site: Path, file: str = MARK) -> None:
    """Raise UserError unless a folder holds a site with that file."""
    if not (site / file).is_file():
        raise UserError(
            "no site here",
            where=str(site),
            expected="a folder that board build wrote",
            mend="w2s-bench board build --out DIR",
        )


class _Quiet(SimpleHTTPRequestHandler):
    """Serves the files below one folder without logging requests."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


def server(site: Path, port: int) -> ThreadingHTTPServer:
    """A server of a site's files on 127.0.0.1 alone. Errors: UserError for no site, or a port in use."""
    check_site(site, "index.html")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(site)))
    except (OSError, OverflowError) as error:
        raise UserError(
            f"port {port} cannot be used ({error})", where="--port", mend="give another; 0 takes a free one"
        ) from None
