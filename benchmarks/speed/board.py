"""Time to build a board of many entries: python benchmarks/speed/board.py BOARDS [ENTRIES].

The entries are copies of those of the first board in the folder ``BOARDS``, each with some answers flipped.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from w2s_bench.leaderboard.board import ENTRIES, STANDARD, Board, folders, load_board
from w2s_bench.leaderboard.entry_file import Published, Scored, dump, pack_bits, unpack_bits
from w2s_bench.leaderboard.site_builder import build_site


def flipped(cell: Scored, rng: np.random.Generator) -> Scored:
    """The cell with a twentieth of the student's answers flipped."""
    student = unpack_bits(cell.bits["student"], len(cell.seeds), cell.items)
    bits = pack_bits(student ^ (rng.random(student.shape) < 0.05))
    return replace(cell, bits=cell.bits | {"student": bits})


def copies(board: Board, count: int, folder: Path) -> None:
    """Write ``count`` entries made from those of ``board``."""
    shutil.copytree(board.folder / STANDARD, folder / STANDARD)
    (folder / ENTRIES).mkdir()
    rng = np.random.default_rng(0)
    for k in range(count):
        entry: Published = board.entries[k % len(board.entries)].entry
        data = f"bundle {k}".encode()
        made = replace(
            entry,
            method=f"{entry.method}-{k}" if k >= len(board.entries) else entry.method,
            bundle=hashlib.sha256(data).hexdigest(),
            scored=[flipped(c, rng) for c in entry.scored],
        )
        (folder / ENTRIES / f"entry-{k}.zip").write_bytes(data)
        (folder / ENTRIES / f"entry-{k}.json").write_text(dump(made), "utf8")


def main(boards: str, count: str = "1000") -> None:
    """Make the entries, build the site and print the time."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        board = load_board(folders(Path(boards))[0])
        copies(board, int(count), root / "boards" / board.folder.name)
        clock, cpu = time.perf_counter(), time.process_time()
        built = build_site(root / "boards", root / "site")
        took, used = time.perf_counter() - clock, time.process_time() - cpu
    print(f"{count} entries, {built.pages} pages: {used:.1f} CPU seconds, {took:.1f} seconds")


if __name__ == "__main__":
    main(*sys.argv[1:])
