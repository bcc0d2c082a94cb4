"""Pretrain one board network: resumable, with progress lines, weights and a card at the end."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch.optim import Optimizer

from w2s_bench.models.board import BoardNet
from w2s_bench.zoo.chess.batches import Mixture, Rows, load
from w2s_bench.zoo.chess.checkpoint import Progress, restore, store
from w2s_bench.zoo.chess.objective import centre_promotions, loss, validate
from w2s_bench.zoo.chess.recipe import Recipe

EVERY = 200  # steps between points of the curve
KEEP = 2  # points between checkpoints
VALIDATION_ROWS = 4000
LICENCES = {"lines": "CC0-1.0", "selfplay": "MIT", "tcec": "CC-BY-SA-3.0"}  # of the games, by source


def pretrain(name: str, width: int, layers: int, recipe: Recipe, data: Path, out: Path) -> dict[str, Any]:
    """Train ``width``×``layers`` by ``recipe``; write ``name.safetensors`` and ``.json``, return the card."""
    net = recipe.network(width, layers)
    optimizers = recipe.optimizers(net)
    checkpoint = out / f"{name}.checkpoint.safetensors"
    progress = restore(checkpoint, net, optimizers)
    _train(net, optimizers, recipe, load(data, "train", recipe.shares), progress, checkpoint)
    centre_promotions(net)
    weights = out / f"{name}.safetensors"
    save_file({k: v.half().contiguous() for k, v in net.state_dict().items()}, weights)
    card = _card(name, net, recipe, progress, data, weights)
    (out / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf8")
    return card


def _train(
    net: BoardNet,
    optimizers: list[Optimizer],
    recipe: Recipe,
    mixture: Mixture,
    progress: Progress,
    path: Path,
) -> None:
    began, losses = time.process_time() - progress.seconds, []
    for step in range(progress.step, recipe.steps):
        losses.append(_step(net, optimizers, recipe, mixture.draw(recipe.batch, recipe.seed, step), step))
        if (step + 1) % EVERY == 0 or step + 1 == recipe.steps:
            progress.step, progress.seconds = step + 1, time.process_time() - began
            mean = sum(losses) / len(losses)
            progress.curve.append(((step + 1) * recipe.batch, round(mean, 4), round(progress.seconds, 1)))
            losses.clear()
            said = f"{step + 1}/{recipe.steps} loss {mean:.4f} {progress.seconds:.0f} s"
            print(path.name.partition(".")[0], said, flush=True)
        if (step + 1) % (EVERY * KEEP) == 0:
            store(path, net, optimizers, progress)
        if step + 1 == recipe.trunk:
            progress.step, progress.seconds = step + 1, time.process_time() - began
            store(path.with_name(path.name.replace("checkpoint", "trunk")), net, optimizers, progress)


def _step(net: BoardNet, optimizers: list[Optimizer], recipe: Recipe, rows: Rows, step: int) -> float:
    for optimizer in optimizers:
        optimizer.zero_grad()
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * recipe.factor(step)
    value = loss(net, rows, recipe.masked)
    value.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    return value.item()


def validation(net: BoardNet, data: Path) -> dict[str, dict[str, float]]:
    """Loss and accuracy on the validation games of every source, whatever the mixture."""
    return {
        s: validate(net, _slices(load(data, "validation", {s: 1.0}).rows[s]))
        for s in ("lines", "selfplay", "tcec")
    }


def _slices(rows: Rows) -> Iterator[Rows]:
    spread = rows[:: max(1, len(rows) // VALIDATION_ROWS)][:VALIDATION_ROWS]
    return (spread[k : k + 250] for k in range(0, len(spread), 250))


def _card(
    name: str, net: BoardNet, recipe: Recipe, progress: Progress, data: Path, weights: Path
) -> dict[str, Any]:
    return {
        "name": name,
        "parameters": net.parameters_count,
        "recipe": asdict(recipe),
        "data": {s: _digest(data / f"{s}-train.npy") for s in recipe.shares},
        "positions": recipe.steps * recipe.batch,
        "cpu_seconds": round(progress.seconds),
        "curve": progress.curve,
        "validation": validation(net, data),
        "sha256": _digest(weights),
        "data_licences": {source: LICENCES[source] for source in recipe.shares},
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_of(path: Path) -> Mapping[str, torch.Tensor]:
    """Weights in single precision, ready for ``load_state_dict``."""
    from safetensors.torch import load_file

    return {k: v.float() for k, v in load_file(path).items()}
