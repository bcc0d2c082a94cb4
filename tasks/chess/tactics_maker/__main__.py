"""Make `tactics.parquet`: chess puzzles with one best move, from Stockfish's games with itself.

Work is split into chunks of games. A chunk passes three stages, and each leaves one file:

    games-SEED-CHUNK       self-play records, also a corpus of moves to pretrain on
    candidates-SEED-CHUNK  positions whose best move stood out and is not an obvious shortcut
    puzzles-SEED-CHUNK     those in which a longer search finds one move far above the rest

Columns: `game` (the group to split by), `ply` (half-moves played when the solver is to move),
`fen` (before the opponent's last move), `last_move`, `best_move`, `gap` (win chance of the best
move over that of the second, on a scale from -1 to 1), `kind`, `difficulty`.

An interrupted run resumes from the existing files. Chunks are taken in order until there are enough puzzles
or the time is up; then repeated positions and more than four puzzles of a game are dropped, and the table is
written with the difficulty of each row.

With the same engine binary and seed a chunk's files are the same, byte for byte, on any machine and with any
number of workers: engines search a fixed number of nodes on one thread, each chunk starts from an empty hash,
and random numbers are seeded by game. With `--puzzles` the table is the same too; with `--seconds` the number
of chunks depends on the machine's speed. The Stockfish version is in the parquet's metadata and in
`settings.json` beside the games.

With `--stage games` the first `--chunks` chunks are played and nothing else is done.

Run: python -m w2s_bench.tasks.chess.tactics_maker --puzzles 22000 --games-dir games --out tactics.parquet
"""

import argparse
import itertools
import json
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from w2s_bench.tasks.chess.tactics_maker import puzzles, selfplay
from w2s_bench.tasks.chess.tactics_maker.difficulty import difficulty
from w2s_bench.tasks.chess.tactics_maker.shards import read_shard, write_shard
from w2s_bench.tasks.chess.tactics_maker.uci import Engine

GAMES_PER_CHUNK = 256
MIN_GAMES_PER_CHUNK = 48  # as many as are played side by side
MAX_PER_GAME = 4
TEXTS = dict.fromkeys(("fen", "last_move", "best_move"), pa.string())
SCHEMA = pa.schema(
    {"game": pa.string(), "ply": pa.int16(), **TEXTS}
    | {"gap": pa.float32(), "kind": pa.string(), "difficulty": pa.float32()}
)


@dataclass(frozen=True)
class Chunk:
    """A numbered batch of games and where its files go."""

    directory: Path
    engine: str
    seed: int
    games: int
    number: int = 0

    @property
    def name(self) -> str:
        return f"{self.seed}-{self.number:04d}"

    def shard(self, stage: str) -> Path:
        return self.directory / f"{stage}-{self.name}.jsonl.gz"


def play_stage(chunk: Chunk) -> list[dict]:
    """Play the chunk's games and return their records."""
    with Engine(chunk.engine, selfplay.MULTIPV, selfplay.HASH_MB) as engine:
        seed = f"{chunk.seed}-{chunk.number}"
        return list(selfplay.play_games(engine, chunk.games, chunk.name, seed))


def candidate_stage(chunk: Chunk) -> list[dict]:
    """Find candidates for puzzles in the chunk's games."""
    records = read_shard(chunk.shard("games"))
    return [candidate for record in records for candidate in puzzles.candidates_of(record)]


def verify_stage(chunk: Chunk) -> list[dict]:
    """Search the chunk's candidates for longer."""
    with Engine(chunk.engine, puzzles.MULTIPV, puzzles.HASH_MB) as engine:
        return puzzles.verify(engine, read_shard(chunk.shard("candidates")))


STAGES = {"games": play_stage, "candidates": candidate_stage, "puzzles": verify_stage}


def complete(chunk: Chunk) -> list[dict]:
    """Run the stages that the chunk still lacks; return its puzzles.

    A chunk that has its puzzles needs nothing else: the other files may be moved away.
    """
    for stage, run in STAGES.items():
        if not (chunk.shard("puzzles").exists() or chunk.shard(stage).exists()):
            write_shard(chunk.shard(stage), run(chunk))
    return read_shard(chunk.shard("puzzles"))


def play_chunk(chunk: Chunk) -> str:
    """Play the chunk's games unless they are there; return its name."""
    if not chunk.shard("games").exists():
        write_shard(chunk.shard("games"), play_stage(chunk))
    return chunk.name


def play_chunks(first: Chunk, count: int, workers: int) -> None:
    """Play the games of `count` chunks: a corpus of moves."""
    with ProcessPoolExecutor(workers) as pool:
        for name in pool.map(play_chunk, [replace(first, number=n) for n in range(count)]):
            print(f"chunk {name}: played", flush=True)


def completed_chunks(first: Chunk, workers: int, deadline: float) -> Iterator[list[dict]]:
    """Yield the puzzles of one chunk after the other, in order, until the deadline."""
    numbers = itertools.count(first.number)
    pending: deque[Future[list[dict]]] = deque()
    with ProcessPoolExecutor(workers) as pool:
        while True:
            while len(pending) < workers and time.monotonic() < deadline:
                pending.append(pool.submit(complete, replace(first, number=next(numbers))))
            if not pending:
                return
            yield pending.popleft().result()


def thin_out(rows: list[dict]) -> list[dict]:
    """At most `MAX_PER_GAME` of each game, chosen by chance but always the same."""
    chosen = []
    for game, group in itertools.groupby(rows, key=lambda row: row["game"]):
        choice = list(group)
        random.Random(game).shuffle(choice)
        chosen += sorted(choice[:MAX_PER_GAME], key=lambda row: row["ply"])
    return chosen


def collect(chunks: Iterator[list[dict]], target: int) -> list[dict]:
    """Filter chunk after chunk until there are `target` puzzles."""
    seen: set[str] = set()
    rows: list[dict] = []
    for number, chunk in enumerate(chunks):
        for row in thin_out(sorted(chunk, key=lambda row: (row["game"], row["ply"]))):
            key = " ".join(puzzles.position_of(row).fen().split()[:4])  # the FEN without its clocks
            if key not in seen:
                seen.add(key)
                rows.append(row)
        print(f"chunk {number}: {len(rows)} puzzles", flush=True)
        if len(rows) >= target:
            break
    return rows


def chunk_size(target: int) -> int:
    """Games per chunk: fewer for a trial run, so that it takes seconds (two games a puzzle)."""
    return min(GAMES_PER_CHUNK, max(MIN_GAMES_PER_CHUNK, 2 * target))


def settings(first: Chunk) -> dict[str, str]:
    """What the files depend on besides the seed."""
    with Engine(first.engine, 1, 1) as engine:
        name = engine.name
    return {
        "engine": name,
        "selfplay": f"nodes {selfplay.NODES}, multipv {selfplay.MULTIPV}",
        "verification": f"nodes {puzzles.VERIFY_NODES}, multipv {puzzles.MULTIPV}",
        "min_gap": str(puzzles.MIN_GAP),
        "games_per_chunk": str(first.games),
    }


def check_settings(directory: Path, current: dict[str, str]) -> None:
    """Refuse to mix files that were made by different engines or settings."""
    path = directory / "settings.json"
    if path.exists() and json.loads(path.read_text()) != current:
        raise SystemExit(f"{path} differs from the current settings: use another --games-dir")
    path.write_text(json.dumps(current, indent=2) + "\n")


def write_table(rows: list[dict], out: Path, metadata: dict[str, str]) -> None:
    """Write the columns of the schema, and the settings as the file's metadata."""
    for row in rows:
        row["difficulty"] = difficulty(row)
    schema = SCHEMA.with_metadata(metadata)
    table = pa.Table.from_pylist(rows, schema=schema)
    out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, out, compression="zstd", compression_level=19)


def parse_arguments() -> argparse.Namespace:
    """Parse the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--games-dir", type=Path, default=Path("games"), help="chunk files")
    parser.add_argument("--out", type=Path, default=Path("tactics.parquet"))
    parser.add_argument("--puzzles", type=int, default=22_000, help="stop at so many puzzles")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="or after this time")
    parser.add_argument("--stage", choices=("games", "all"), default="all", help="games: play, no more")
    parser.add_argument("--chunks", type=int, default=90, help="with --stage games: how many to play")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--engine", default="stockfish", help="path of a Stockfish binary")
    return parser.parse_args()


def main() -> None:
    """Play games, verify candidates, filter puzzles, write the table."""
    args = parse_arguments()
    args.games_dir.mkdir(parents=True, exist_ok=True)
    first = Chunk(args.games_dir, args.engine, args.seed, chunk_size(args.puzzles))
    metadata = settings(first)
    check_settings(args.games_dir, metadata)
    if args.stage == "games":
        return play_chunks(first, args.chunks, args.workers)
    deadline = time.monotonic() + args.seconds
    rows = collect(completed_chunks(first, args.workers, deadline), args.puzzles)
    write_table(rows, args.out, metadata | {"seed": str(args.seed)})
    print(f"{len(rows)} puzzles to {args.out}: {dict(Counter(row['kind'] for row in rows))}")


if __name__ == "__main__":
    main()
