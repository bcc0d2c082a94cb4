"""Random chess games in every form that the zoo's chess corpus is made from."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from random import Random

import chess
import pandas as pd
import pyarrow as pa


def random_game(rng: Random, plies: int = 60) -> list[str]:
    """Moves in UCI."""
    board, moves = chess.Board(), []
    while len(moves) < plies and not board.is_game_over():
        moves.append(rng.choice(sorted(m.uci() for m in board.legal_moves)))
        board.push_uci(moves[-1])
    return moves


def puzzles(rng: Random, count: int) -> pd.DataFrame:
    """Rows like those of the hub: the position before the opponent's move, and a line of six moves."""
    rows: list[dict[str, str]] = []
    while len(rows) < count:
        moves, board = random_game(rng, 30), chess.Board()
        if len(moves) < 30:  # mated early
            continue
        for uci in moves[:20]:
            board.push_uci(uci)
        rows.append({"GameId": f"game{len(rows)}", "FEN": board.fen(), "Moves": " ".join(moves[20:26])})
    return pd.DataFrame(rows)


def mirror(root: Path, rng: Random) -> Path:
    """A mirror of the hub with the puzzles."""
    folder = root / "Lichess/chess-puzzles"
    (folder / "data").mkdir(parents=True)
    puzzles(rng, 300).to_parquet(folder / "data/train-00000-of-00001.parquet")
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/*\n---\n"
    )
    return root


def selfplay(folder: Path, rng: Random) -> Path:
    """The first chunk of games of the tactics maker."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "games-1-0000.jsonl.gz", "wt", encoding="utf8") as file:
        for number in range(150):
            record = {"game": f"g{number}", "moves": " ".join(random_game(rng)), "random_plies": [0, 1]}
            file.write(json.dumps(record) + "\n")
    return folder


def matches(folder: Path, rng: Random) -> Path:
    """Engine matches in SAN; one from another start."""
    folder.mkdir(parents=True, exist_ok=True)
    with pa.output_stream(str(folder / "tcec_games.jsonl.zst"), compression="zstd") as stream:
        for number in range(150):
            board = chess.Board()
            san = [board.san_and_push(chess.Move.from_uci(uci)) for uci in random_game(rng, 40)]
            record = {"moves": " ".join(san), "variant": "", "fen": "" if number else chess.STARTING_FEN}
            stream.write((json.dumps(record) + "\n").encode())
    return folder
