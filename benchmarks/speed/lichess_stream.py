"""Make a synthetic lichess database file, and measure the reading of a task's splits from it.

``python benchmarks/speed/lichess_stream.py make FILE [ROWS]`` writes synthetic rows with the database's
columns; ``read FOLDER`` (FILE is FOLDER/lichess/lichess_db_puzzle.csv.zst) prints seconds and peak memory.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from random import Random

HEADER = "PuzzleId,FEN,Moves,Rating,RatingDeviation,Popularity,NbPlays,Themes,GameUrl,OpeningTags\n"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ROWS, BATCH = 5_000_000, 50_000
BOARDS, LINES = 4096, 4096  # distinct positions and lines; rows draw from them, so that zstd is not idle


def make(path: Path, rows: int) -> None:
    """Write ``rows`` puzzles, whose positions are random placements of pieces."""
    import pyarrow as pa

    rng = Random(0)
    boards, lines = [_board(rng) for _ in range(BOARDS)], [_line(rng) for _ in range(LINES)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write(HEADER.encode())
        for start in range(0, rows, BATCH):
            batch = range(start, min(start + BATCH, rows))
            stream.write("".join(_row(k, rng, boards, lines) for k in batch).encode())


def _row(k: int, rng: Random, boards: list[str], lines: list[str]) -> str:
    game = "".join(rng.choices(LETTERS, k=8))
    fen = f"{rng.choice(boards)} w - - {rng.randrange(50)} {rng.randrange(10, 60)}"
    themes = rng.choice(("mate mateIn2 middlegame short", "crushing endgame long", "advantage opening fork"))
    return (
        f"{k:05x},{fen},{rng.choice(lines)},{rng.randrange(400, 2900)},{rng.randrange(70, 110)},"
        f"{rng.randrange(-100, 101)},{rng.randrange(10_000)},{themes},"
        f"https://lichess.org/{game}/black#{rng.randrange(100)},\n"
    )


def _board(rng: Random) -> str:
    return "/".join("".join(rng.choices("12prnbqkPRNBQK", k=6)) for _ in range(8))


def _line(rng: Random) -> str:
    def move() -> str:
        return "".join(rng.choice("abcdefgh") + rng.choice("12345678") for _ in range(2))

    return " ".join(move() for _ in range(rng.choice((2, 4, 4, 6))))


def read(mirror: Path) -> None:
    """Read both splits of ``chess/lichess-database`` on one core, and print time and memory."""
    import pyarrow

    from w2s_bench.task import load_task

    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    task = load_task("chess/lichess-database")
    print(f"before: {_peak():.0f} MB")
    began, parts = time.perf_counter(), []  # all rows stay in memory, as when a split is drawn
    for split in ("train", "test"):
        start = time.perf_counter()
        parts.append(task.rows(split, mirror))
        seconds = time.perf_counter() - start
        print(f"{split}: {len(parts[-1]):,} rows, {seconds:.1f} s; peak so far {_peak():.0f} MB")
    start = time.perf_counter()
    task.source.fingerprint(mirror)
    print(f"fingerprint: {time.perf_counter() - start:.1f} s")
    print(f"all: {time.perf_counter() - began:.1f} s, peak {_peak():.0f} MB")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else ROWS)
    else:
        read(Path(sys.argv[2]))
