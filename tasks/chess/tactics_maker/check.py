"""Check every row of `tactics.parquet` against the rules, and measure what `difficulty` orders.

The first part follows the description of the columns and shares no code with the maker, so that it can find
the maker's errors. The second part reports how often short searches and one-ply heuristics find the answers
in each fifth of the difficulty.

Run: python -m w2s_bench.tasks.chess.tactics_maker.check tactics.parquet --games-dir games --report REPORT.md
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import chess
import pandas as pd
import pyarrow.parquet as pq

from w2s_bench.tasks.chess.tactics_maker.shards import read_shard
from w2s_bench.tasks.chess.tactics_maker.uci import Engine, final_ranking

VALUES = {"p": 1, "n": 3, "b": 3, "r": 5, "q": 9, "k": 100}
KINDS = {"mate1", "mate", "promotion", "capture", "check", "quiet"}
FIFTHS = 5
SHORT_SEARCHES = ("nodes 1", "depth 2", "nodes 100", "nodes 400")
SAMPLE = 6_000  # rows that the weak players are asked; all rows are checked
LONG_SEARCH = "nodes 50000"
LONG_SAMPLE = 500


def solver_board(row: dict) -> chess.Board:
    """The board after the opponent's last move."""
    board = chess.Board(row["fen"])
    board.push_uci(row["last_move"])  # raises an error if illegal
    return board


def greedy_values(board: chess.Board) -> dict[chess.Move, int]:
    """What each legal capture wins at first sight, counting a loss only if the square is held."""
    values = {}
    for move in board.legal_moves:
        if not board.is_capture(move):
            continue
        victim = "p" if board.is_en_passant(move) else board.piece_at(move.to_square).symbol()
        attacker = board.piece_at(move.from_square).symbol()
        after = board.copy(stack=False)
        after.push(move)
        held = bool(after.attackers(after.turn, move.to_square))
        values[move] = VALUES[victim.lower()] - held * VALUES[attacker.lower()]
    return values


def faults_of_row(row: dict) -> Iterator[str]:
    """Name the rules that a row breaks."""
    board = solver_board(row)
    move = board.parse_uci(row["best_move"])  # raises an error if illegal
    values = greedy_values(board)
    after = board.copy(stack=False)
    after.push(move)
    rules = {
        "FEN not canonical": chess.Board(row["fen"]).fen() == row["fen"],
        "position not valid": board.is_valid(),
        "solver in check": not board.is_check(),
        "recapture": row["best_move"][2:4] != row["last_move"][2:4],
        "underpromotion": row["best_move"][4:] in ("", "q"),
        "best static capture": values.get(move, -1000) < max(values.values(), default=0),
        "gap out of range": 0.35 - 1e-6 <= row["gap"] <= 2,  # stored in single precision
        "unknown kind": row["kind"] in KINDS,
        "mate1 wrong": (row["kind"] == "mate1") == after.is_checkmate(),
        "not a capture": row["kind"] != "capture" or board.is_capture(move),
        "not a check": row["kind"] != "check" or after.is_check(),
        "not quiet": row["kind"] != "quiet" or not (after.is_check() or board.is_capture(move)),
        "ply does not fit the clock": row["ply"] == board.ply(),
    }
    return (rule for rule, holds in rules.items() if not holds)


def faults_of_table(table: pd.DataFrame) -> Iterator[str]:
    """Name the rules that the rows together break."""
    keys = [" ".join(solver_board(row).fen().split()[:4]) for row in table.to_dict("records")]
    if len(set(keys)) < len(keys):
        yield "positions occur twice"
    if table.groupby("game").size().max() > 4:
        yield "more than four puzzles of a game"
    if not table.difficulty.notna().all() or table.difficulty.nunique() < len(table) / 10:
        yield "difficulty missing or too coarse"


def faults_of_games(table: pd.DataFrame, games_dir: Path) -> Iterator[str]:
    """Name the rows that are not found in the games that they claim to be from."""
    wanted = {game: rows.to_dict("records") for game, rows in table.groupby("game")}
    for path in sorted(games_dir.glob("games-*.jsonl.gz")):
        for record in read_shard(path):
            for row in wanted.pop(record["game"], []):
                moves = record["moves"].split()
                board = chess.Board()
                for move in moves[: row["ply"] - 1]:
                    board.push_uci(move)
                if board.fen() != row["fen"] or moves[row["ply"] - 1] != row["last_move"]:
                    yield f"{row['game']} ply {row['ply']}: not in the game"
    yield from (f"{game}: no such game" for game in wanted)


def all_faults(table: pd.DataFrame, games_dir: Path | None) -> list[str]:
    """Every fault of a table, its rows and their games."""
    faults = [
        f"{row['game']} ply {row['ply']}: {fault}"
        for row in table.to_dict("records")
        for fault in faults_of_row(row)
    ]
    faults += faults_of_table(table)
    return faults + (list(faults_of_games(table, games_dir)) if games_dir else [])


def searched_right(engine: Engine, table: pd.DataFrame, limit: str) -> list[bool]:
    """Whether a search to `limit` gives the solution, for each row."""
    fens = [solver_board(row).fen() for row in table.to_dict("records")]
    answers = engine.search(fens, limit, fresh=True)
    firsts = [final_ranking(lines, engine.multipv)[:1] for lines in answers]
    return [
        bool(first) and first[0].move == move for first, move in zip(firsts, table.best_move, strict=True)
    ]


def shortcuts(row: dict) -> dict[str, float]:
    """The chance that players who do not search give the solution."""
    board = solver_board(row)
    legal = [move.uci() for move in board.legal_moves]
    values = greedy_values(board)
    checks = [move for move in legal if board.gives_check(chess.Move.from_uci(move))]
    top = [move.uci() for move, value in values.items() if value == max(values.values())]
    chances = {"random move": legal, "best static capture": top or legal, "check": checks or legal}
    return {name: (row["best_move"] in moves) / len(moves) for name, moves in chances.items()}


def measure(table: pd.DataFrame, engine_path: str) -> pd.DataFrame:
    """One column of successes for each weak player."""
    results = pd.DataFrame([shortcuts(row) for row in table.to_dict("records")])
    for label, nnue in (("NNUE", "true"), ("classical", "false")):
        with Engine(engine_path, 1, 1) as engine:
            engine.set_option("Use NNUE", nnue)
            for limit in SHORT_SEARCHES:
                results[f"{label}, {limit}"] = searched_right(engine, table, limit)
    return results


def report(table: pd.DataFrame, engine_path: str) -> str:
    """The measurements of a table as Markdown."""
    asked = table.sample(min(SAMPLE, len(table)), random_state=1)
    fifth = pd.qcut(asked.difficulty.rank(method="first"), FIFTHS, labels=False).to_numpy() + 1
    results = measure(asked, engine_path)
    by_fifth = results.groupby(fifth).mean().T
    by_fifth["all"] = results.mean()
    sample = table.sample(min(LONG_SAMPLE, len(table)), random_state=0)
    with Engine(engine_path, 1, 16) as engine:
        upheld = pd.Series(searched_right(engine, sample, LONG_SEARCH)).mean()
    kinds = table.groupby("kind").agg(
        rows=("ply", "size"), difficulty=("difficulty", "mean"), gap=("gap", "mean")
    )
    return "\n\n".join(
        [
            "# Generated tactics: measurements",
            f"{len(table)} puzzles from {table.game.nunique()} games; every row passes the checks.",
            f"Share of right first moves by fifth of `difficulty`, on {len(asked)} sampled puzzles:",
            markdown(by_fifth, "player"),
            f"{LONG_SEARCH} find the same move in {upheld:.3f} of {len(sample)} sampled puzzles.",
            markdown(kinds, "kind"),
        ]
    )


def markdown(frame: pd.DataFrame, corner: str) -> str:
    """A frame as a Markdown table."""
    rows = [[corner, *map(str, frame.columns)], ["---"] * (1 + frame.shape[1])]
    for name, *values in frame.itertuples():
        rows.append([name, *(f"{v:.3f}" if isinstance(v, float) else str(v) for v in values)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> None:
    """Check every row; with --report, measure searches and shortcuts too."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--games-dir", type=Path, help="also look the rows up in their games")
    parser.add_argument("--report", type=Path, help="write the measurements here")
    parser.add_argument("--engine", default="stockfish", help="path of a Stockfish binary")
    args = parser.parse_args()
    table = pq.read_table(args.table).to_pandas()
    faults = all_faults(table, args.games_dir)
    print("\n".join(faults[:20]) or f"{len(table)} rows, no faults")
    if faults:
        raise SystemExit(1)
    if args.report:
        args.report.write_text(report(table, args.engine) + "\n")


if __name__ == "__main__":
    main()
