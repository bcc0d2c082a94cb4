"""Build the chess family: ``python -m w2s_bench.zoo.chess corpus …``, then ``… train NAME WxL POSITIONS``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import click
import pandas as pd
import torch

from w2s_bench.zoo.chess import corpus as sources
from w2s_bench.zoo.chess.pretrain import pretrain
from w2s_bench.zoo.chess.recipe import MIXTURE, WITHOUT_LINES, Recipe

FILE = click.Path(path_type=Path, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def main() -> None:
    """Corpus first (once), then one training run a size."""


@main.command()
@click.option("--puzzles", type=FILE, required=True, help="Parquet file of hub Lichess/chess-puzzles.")
@click.option("--tactics", type=FILE, required=True, help="Parquet file of chess/tactics-generated.")
@click.option("--games", type=FILE, required=True, help="Folder of games-*.jsonl.gz from the tactics maker.")
@click.option("--tcec", type=FILE, required=True, help="Engine matches, JSON lines, zstandard.")
@click.option("--out", type=FOLDER, required=True)
def corpus(puzzles: Path, tactics: Path, games: Path, tcec: Path, out: Path) -> None:
    """Encode every source once, without the positions that tasks show."""
    out.mkdir(parents=True, exist_ok=True)
    lichess = pd.read_parquet(puzzles, columns=["GameId", "FEN", "Moves"])
    generated = pd.read_parquet(tactics)
    shown = sources.keys(sources.task_positions(lichess, generated))
    makers: dict[str, Callable[[], Iterable[sources.Game]]] = {
        "lines": lambda: sources.lines(lichess),
        "selfplay": lambda: sources.selfplay(games, frozenset(generated.game)),
        "tcec": lambda: sources.tcec(tcec, 100),
    }
    for name, make in makers.items():
        click.echo(f"{name} {json.dumps(sources.save(name, make(), shown, out))}")


@main.command()
@click.argument("name")
@click.argument("size")
@click.argument("positions", type=int)
@click.option("--data", type=FOLDER, required=True, help="Where the corpus lies.")
@click.option("--out", type=FOLDER, required=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--without-lines", is_flag=True, help="The control family: no puzzle lines.")
def train(
    name: str, size: str, positions: int, data: Path, out: Path, seed: int, without_lines: bool
) -> None:
    """Train one member, going on from its checkpoint if there is one; write weights and card."""
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    width, layers = map(int, size.split("x"))
    shares = WITHOUT_LINES if without_lines else MIXTURE
    card = pretrain(
        name, width, layers, Recipe(positions=positions, shares=dict(shares), seed=seed), data, out
    )
    click.echo(json.dumps(card["validation"]))


if __name__ == "__main__":
    main()
