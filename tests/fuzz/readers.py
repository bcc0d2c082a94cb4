"""Mutated input through every reader of users' files: ``make fuzz``.

Suites and tasks (TOML), rows (CSV, JSON lines, Parquet), positions, moves and transcripts of chess, a run's
folder (JSON, JSON lines, Parquet), entries of boards, and artifacts of a store. Each is read, or refused by
an error that its reader promises; any other exception, and a read that takes long, is a failure.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import chess
import numpy as np
import pyarrow as pa
import pyarrow.parquet

from w2s_bench.bad_rows import UNUSABLE, BrokenRow
from w2s_bench.errors import UserError
from w2s_bench.leaderboard.entry_file import Published
from w2s_bench.leaderboard.entry_file import load as load_published
from w2s_bench.registry.items import suites
from w2s_bench.registry.load import load
from w2s_bench.results.run_folder import load_run
from w2s_bench.store.local import Store
from w2s_bench.suite import parse_suite
from w2s_bench.task import load_task

GOLDEN = Path(__file__).parents[1] / "golden" / "schema-1"
BOARD = Path(__file__).parents[2] / "leaderboards" / "quick-4" / "entries"
LONG = 5.0  # seconds
PUZZLE, GAME = ("FEN", "Moves", "GameId", "Rating", "Themes"), ("ctx", "target", "GameId", "Rating")
WORDS = [
    *(b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"NaN", b"-1", b"1e999", b"9" * 5000, b"null", b"true"),
    *(
        b'"',
        b"'",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b"[" * 3000,
        b'{"a":' * 2000,
        b"\n",
        b"\r",
        b",",
        b"=",
        b"#",
    ),
    *(b"../../etc/passwd", b"=cmd()", b"<script>", "\u202e\U0001f600".encode(), b" " * 5000),
    *(b"/8/8/8", b"0000", b"e7e8q", b"O-O-O#"),
]
Reader = Callable[[Path], None]


def mutated(data: bytes, rng: Random) -> bytes:
    """One to four changes: a bit, a stretch removed, repeated or moved, a word put in, an end cut off."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        size = len(found)
        a, b = sorted((rng.randrange(size + 1), rng.randrange(size + 1)))
        b = min(b, a + rng.choice([1, 4, 40, 400]))
        way = rng.randrange(6)
        if way == 0 and size:
            found[rng.randrange(size)] ^= 1 << rng.randrange(8)
        elif way == 1:
            del found[a:b]
        elif way == 2:
            found[a:a] = found[a:b] * rng.choice([1, 2, 50])
        elif way == 3:
            found[a:b] = rng.choice(WORDS)
        elif way == 4:
            found[rng.randrange(size + 1) :] = b""
        else:
            moved = bytes(found[a:b])
            del found[a:b]
            place = rng.randrange(len(found) + 1)
            found[place:place] = moved
    return bytes(found)


@dataclass
class Subject:
    """A kind of input: good files, and what reads one of them."""

    name: str
    good: list[tuple[str, bytes]]
    read: Reader


def _rows(path: Path) -> None:
    """All rows of a task of one's own, and the example of each."""
    task = load_task(str(path.parent / "mine.toml"))
    for row in task.source.rows("train", None):
        if not isinstance(row, BrokenRow):
            _example(task, row)


def _example(task: Any, row: Any) -> None:
    try:
        task.made(row)
    except UNUSABLE:
        return


def _chess(name: str, keys: tuple[str, ...]) -> Reader:
    def read(path: Path) -> None:
        text = path.read_bytes().decode("utf8", "replace").split("\n")
        _example(load("task", name), dict(zip(keys, [*text, *[""] * len(keys)], strict=False)))

    return read


HEAD = b'name = "mine"\nlicence = "MIT"\ncitation = "me"\nlanguage = "en"\n'
SHEETS = {
    "csv": b'domain = "nlp"\nfile = "rows.csv"\nprompt = "text"\nlabel = "label"\nclasses = ["no", "yes"]\n',
    "jsonl": b'domain = "nlp"\nfile = "rows.jsonl"\nprompt = "text"\nright = "a"\nwrong = ["b", "c"]\n',
    "parquet": b'domain = "reward"\nfile = "rows.parquet"\nprompt = "text"\nchosen = "a"\nrejected = "b"\n',
}


def sheet(kind: str) -> bytes:
    """A few rows in a file of that kind."""
    rows = [
        {"text": f"text {k}", "label": ("no", "yes")[k % 2], "a": f"a {k}", "b": f"b {k}", "c": f"c {k}"}
        for k in range(5)
    ]
    if kind == "csv":
        return "\n".join([",".join(rows[0]), *(",".join(r.values()) for r in rows)]).encode() + b"\n"
    if kind == "jsonl":
        return "\n".join(map(json.dumps, rows)).encode() + b"\n"
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


def _artifact(path: Path) -> None:
    """Everything of a finished artifact, as a plan and a run read it."""
    one = Store(path.parents[3]).open("fit", path.parent.name)
    one.json("facts")
    one.arrays("test")


def subjects(folder: Path) -> list[Subject]:
    """All kinds; what a reader expects beside the file lies below ``folder``."""
    tasks = [("mine.toml", HEAD + body) for body in SHEETS.values()]
    toml = [(f"{s}.toml", item.path.read_bytes()) for s, item in suites().items()]
    puzzle = chess.STARTING_FEN.encode() + b"\ne2e4 e7e5\ngame\n1500\nmate"
    game = b"1. e4 e5 2. Nf3\nNc6\ngame\n1500"
    found = [
        Subject("suite (TOML)", toml, lambda p: void(parse_suite(p.read_text("utf8", "replace"), str(p)))),
        Subject("task (TOML)", tasks, lambda p: void(load_task(str(p)))),
        Subject("puzzle (FEN, UCI)", [("row", puzzle)], _chess("chess/lichess", PUZZLE)),
        Subject("transcript (SAN)", [("row", game)], _chess("chess/lichess-transcript", GAME)),
    ]  # fmt: skip
    for kind, body in SHEETS.items():
        place = folder / kind
        place.mkdir()
        (place / "mine.toml").write_bytes(HEAD + body)
        found.append(Subject(f"rows ({kind})", [(str(place / f"rows.{kind}"), sheet(kind))], _rows))
    for file in ("run.json", "records.jsonl", "cells.jsonl", "predictions.parquet"):
        place = folder / file.replace(".", "-")
        shutil.copytree(GOLDEN, place)
        good = [(str(place / file), (GOLDEN / file).read_bytes())]
        found.append(Subject(f"run ({file})", good, lambda p: void(load_run(p.parent))))
    entry = next(BOARD.glob("naive*.json"))
    found.append(
        Subject(
            "entry (JSON)", [("entry.json", entry.read_bytes())], lambda p: void(load_published(Published, p))
        )
    )
    store = Store(folder / "store")
    with store.write("fit", "ab" + "0" * 30) as draft:
        draft.json("facts", {"loss": 0.5})
        draft.arrays("test", {"probabilities": np.full((4, 2), 0.5, np.float32)})
    place = store.folder("fit", "ab" + "0" * 30)
    good = [(str(p), p.read_bytes()) for p in sorted(place.iterdir())]
    return [*found, Subject("artifact (JSON, safetensors)", good, _artifact)]


def void(value: object) -> None:
    """Reading was all."""


@dataclass
class Outcome:
    """Counts by kind: (name, ``read`` or ``refused``), the slowest read of each, and what must not be."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)


def fuzz(count: int, seed: int = 0) -> Outcome:
    """``count`` inputs in all, dealt evenly to the kinds."""
    outcome, rng = Outcome(), Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        kinds = subjects(folder)
        for k in range(count):
            subject = kinds[k % len(kinds)]
            name, good = rng.choice(subject.good)
            path = folder / name
            path.write_bytes(mutated(good, rng))
            _one(subject, path, outcome)
            path.write_bytes(good)
    return outcome


def _one(subject: Subject, path: Path, outcome: Outcome) -> None:
    clock = time.perf_counter()
    try:
        subject.read(path)
        outcome.counts[subject.name, "read"] += 1
    except UserError:
        outcome.counts[subject.name, "refused"] += 1
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [
            f"{Path(f.filename).name}:{f.lineno}"
            for f in frames
            if "w2s_bench" in f.filename or "/tasks/" in f.filename
        ]
        outcome.failures[f"{subject.name}: {type(error).__name__} at {ours[-1:]}: {str(error)[:120]}"] += 1
    took = time.perf_counter() - clock
    outcome.slowest[subject.name] = max(took, outcome.slowest.get(subject.name, 0.0))
    if took > LONG:
        outcome.failures[f"{subject.name}: a read of {took:.1f} s"] += 1


def main() -> None:
    """Print a table; exit status 1 where anything failed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    clock = time.perf_counter()
    outcome = fuzz(given.count, given.seed)
    print("| input | read | refused | slowest |\n|---|---|---|---|")
    for name, slowest in outcome.slowest.items():
        read, refused = (outcome.counts[name, what] for what in ("read", "refused"))
        print(f"| {name} | {read:,} | {refused:,} | {1000 * slowest:.0f} ms |")
    took, failed = time.perf_counter() - clock, sum(outcome.failures.values())
    print(f"\n{given.count:,} inputs in {took:.0f} s, failures: {failed}")
    for what, times in outcome.failures.most_common(40):
        print(f"  {times} times {what}")
    raise SystemExit(bool(outcome.failures))


if __name__ == "__main__":
    main()
