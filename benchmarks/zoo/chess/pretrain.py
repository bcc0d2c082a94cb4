"""Pretrain one board network: half-precision weights, losses on every source, and its card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from w2s_bench.benchmarks.zoo.card import WEIGHTS, Card, digest
from w2s_bench.benchmarks.zoo.checkpoint import Progress
from w2s_bench.benchmarks.zoo.chess.batches import Rows, load
from w2s_bench.benchmarks.zoo.chess.loss import centre_promotions, loss, validate
from w2s_bench.benchmarks.zoo.chess.recipe import MIXTURE, Recipe
from w2s_bench.benchmarks.zoo.families import Member
from w2s_bench.benchmarks.zoo.training_loop import Run
from w2s_bench.models.board import BoardNet

VALIDATION_ROWS = 4000
LICENCES = {"lines": "CC0-1.0", "selfplay": "MIT", "tcec": "CC-BY-SA-3.0"}  # of the games, by source
LICENCE = "MIT for what this project made"
SHARED = "; the engine matches among the training games are published under CC-BY-SA-3.0 (see data_licences)"
EXPOSURE = "; games with a generated tactic are left out whole"
WITH_LINES = (
    "trained on later moves of solution lines of lichess puzzles from games that no task uses, "
    "never on an answer move"
)


def pretrain(member: Member, recipe: Recipe, data: Path, folder: Path, checkpoint: Path) -> Card:
    """Train ``member`` on the corpus in ``data``; write ``folder``'s weights and return its card."""
    net = recipe.network(member.width, member.layers)
    mixture = load(data, "train", recipe.shares)
    sources = {source: digest(data / f"{source}-train.npy") for source in recipe.shares}
    progress = Run(
        name=f"chess/{member.name}",
        net=net,
        optimizers=recipe.optimizers(net),
        steps=recipe.steps,
        amount=recipe.batch,
        factor=recipe.factor,
        batches=lambda start: (mixture.draw(recipe.batch, recipe.seed, step) for step in count(start)),
        loss=lambda rows: loss(net, rows, recipe.masked),
        checkpoint=checkpoint,
        key=json.dumps([member.name, asdict(recipe), sources]),
    ).train()
    centre_promotions(net)
    save_file({k: v.half().contiguous() for k, v in net.state_dict().items()}, folder / WEIGHTS)
    return _card(member, recipe, net, sources, progress, validation(net, data))


def validation(net: BoardNet, data: Path) -> dict[str, dict[str, float]]:
    """Loss and accuracy on the validation games of every source, whatever the mixture."""
    return {s: validate(net, _slices(load(data, "validation", {s: 1.0}).rows[s])) for s in MIXTURE}


def _slices(rows: Rows) -> Iterator[Rows]:
    spread = rows[:: max(1, len(rows) // VALIDATION_ROWS)][:VALIDATION_ROWS]
    return (spread[k : k + 250] for k in range(0, len(spread), 250))


def _card(
    member: Member,
    recipe: Recipe,
    net: BoardNet,
    sources: dict[str, str],
    progress: Progress,
    losses: dict[str, dict[str, float]],
) -> Card:
    data: dict[str, Any] = {"what": "positions and moves played; SHA-256 of the encoded sources"}
    lines = WITH_LINES if "lines" in recipe.shares else "no puzzle lines"
    return Card(
        name=member.name,
        family="chess",
        parameters=net.parameters_count,
        width=member.width,
        layers=member.layers,
        recipe=asdict(recipe),
        data=data | {"sources": sources},
        data_licences={source: LICENCES[source] for source in recipe.shares},
        seen=recipe.steps * recipe.batch,
        unit="positions",
        cpu_seconds=round(progress.seconds),
        curve=progress.curve,
        validation=losses,
        validation_loss=round(sum(share * losses[s]["loss"] for s, share in recipe.shares.items()), 4),
        licence=LICENCE + (SHARED if "tcec" in recipe.shares else ""),
        exposure=lines + EXPOSURE,
    )
