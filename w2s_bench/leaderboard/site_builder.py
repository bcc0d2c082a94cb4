"""From the folders of boards to their site, and the site shown on this machine."""

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
    """The site of all boards below ``root``, written to ``out``, which is made anew.

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
    """A board with its tie groups, as its pages show it."""
    suite = board.standard.suite
    groups = rank(suite, board.entries)
    return BoardShown(
        board.folder.name, suite, board.standard.toml, board.entries, groups, archived=board.archived
    )


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


class _Quiet(SimpleHTTPRequestHandler):
    """Files below one folder; says nothing of requests."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def server(site: Path, port: int) -> ThreadingHTTPServer:
    """A server of a site's files on 127.0.0.1 alone. Errors: UserError for no site, or a port in use."""
    if not (site / "index.html").is_file():
        raise UserError(
            "no site here",
            where=str(site),
            expected="a folder that board build wrote",
            mend="w2s-bench board build --out DIR",
        )
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(site)))
    except (OSError, OverflowError) as error:
        raise UserError(
            f"port {port} cannot be used ({error})", where="--port", mend="give another; 0 takes a free one"
        ) from None
