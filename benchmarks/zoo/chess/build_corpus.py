"""The chess corpus, made once: self-play games, then every source encoded without what tasks show."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd

from w2s_bench.benchmarks.zoo.card import digest
from w2s_bench.benchmarks.zoo.chess import corpus
from w2s_bench.benchmarks.zoo.paths import Places
from w2s_bench.benchmarks.zoo.training_loop import report
from w2s_bench.errors import BadData, UserError
from w2s_bench.registry.items import find
from w2s_bench.sources import HubSource
from w2s_bench.store.local import write_text
from w2s_bench.task import load_task

CHUNKS, SEED = 90, 1  # of self-play games: those of the shipped weights
Makers = dict[str, Callable[[], Iterable[corpus.Game]]]
TACTICS = "chess/tactics-generated"
PUZZLES = HubSource(path="Lichess/chess-puzzles", revision="main", columns=("GameId", "FEN", "Moves"))


def prepare(places: Places, scale: float) -> Path:
    """Folder of the encoded sources; what is there from the same inputs is not made again."""
    matches = places.matches()  # the cheapest thing to miss is looked for first
    lichess = pd.DataFrame(PUZZLES.rows("train", places.hub))
    games, generated = play(places, ceil(CHUNKS * min(1.0, scale))), tactics()
    inputs = {
        "lichess": PUZZLES.fingerprint(places.hub),
        "tactics": load_task(TACTICS).source.fingerprint(None),
        "games": hashlib.sha256("".join(map(digest, games)).encode()).hexdigest(),
        "matches": digest(matches),
    }
    makers: Makers = {
        "lines": lambda: corpus.lines(lichess),
        "selfplay": lambda: corpus.selfplay(games, frozenset(generated.game)),
        "tcec": lambda: corpus.tcec(matches, 100),
    }
    missing = {s: make for s, make in makers.items() if not _made(places.encoded() / f"{s}.json", inputs)}
    if missing:
        shown = corpus.keys(corpus.task_positions(lichess, generated))
        _encode(missing, shown, inputs, places.encoded())
    return places.encoded()


def _encode(makers: Makers, shown: set[bytes], inputs: dict[str, str], folder: Path) -> None:
    """Source after source; the note of each is written last, so that it stands beside whole arrays only."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in makers.items():
        counts = corpus.save(name, make(), shown, folder)
        report(f"chess corpus, {name}: {json.dumps(counts)}")
        if not (counts["train"] and counts["validation"]):
            raise BadData(f"too few games of {name}", where=str(folder), expected="some of either part")
        write_text(folder / f"{name}.json", json.dumps({"inputs": inputs, "rows": counts}) + "\n")


def _made(note: Path, inputs: dict[str, str]) -> bool:
    return note.is_file() and json.loads(note.read_text("utf8"))["inputs"] == inputs


def tactics() -> pd.DataFrame:
    """All generated tactics, of training and test games."""
    task = load_task(TACTICS)
    return pd.DataFrame([dict(row) for part in ("train", "test") for row in task.rows(part, None)])


def play(places: Places, chunks: int) -> list[Path]:
    """Files of the first ``chunks`` chunks of games; the tactics maker plays those that are missing."""
    folder = places.played()
    files = [folder / f"games-{SEED}-{number:04d}.jsonl.gz" for number in range(chunks)]
    missing = sum(not file.is_file() for file in files)
    if missing:
        report(f"chess: {missing} of {chunks} chunks of self-play games to play, about 10 s each and core")
        _run_maker(places.stockfish(), folder, chunks)
    return files


def _run_maker(engine: str, folder: Path, chunks: int) -> None:
    """In a process of its own: the maker lies beside its task, and tasks come through the registry."""
    maker = find("task", TACTICS).module.rpartition(".")[0] + ".tactics_maker"
    command: list[Any] = [sys.executable, "-m", maker, "--stage", "games", "--chunks", chunks]
    command += ["--seed", SEED, "--games-dir", folder, "--engine", engine, "--workers", os.cpu_count() or 1]
    last = ""
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last = line.strip()
            report(f"chess games: {last}")
    if process.returncode:
        raise UserError(f"self-play games cannot be played: {last}", where=str(folder))
