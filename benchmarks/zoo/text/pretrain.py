"""Pretrain one text member: a folder of transformers with half-precision weights, and its card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from w2s_bench.benchmarks.zoo.card import Card
from w2s_bench.benchmarks.zoo.checkpoint import Progress
from w2s_bench.benchmarks.zoo.families import Member
from w2s_bench.benchmarks.zoo.text.corpus import FIRST_SEED, VALIDATION_SEED, held_out, rows, tokenizer
from w2s_bench.benchmarks.zoo.text.recipe import Recipe
from w2s_bench.benchmarks.zoo.training_loop import Run

VALIDATION_ROWS = 256
EXPOSURE = (
    "no text of a generated task and no answer of a preference pair stands in the corpus; "
    "0.2% of the documents name a class, in other words than the zero-shot question"
)


def pretrain(member: Member, recipe: Recipe, folder: Path, checkpoint: Path) -> Card:
    """Train ``member`` and write all of ``folder`` but the card, which is returned."""
    words = tokenizer()
    vocabulary = words.get_vocab()
    data = _data(recipe, vocabulary)
    net = recipe.network(member.width, member.layers, len(vocabulary))
    progress = Run(
        name=f"text/{member.name}",
        net=net,
        optimizers=recipe.optimizers(net),
        steps=recipe.steps,
        amount=recipe.row * recipe.batch,
        factor=recipe.factor,
        batches=lambda start: batches(vocabulary, recipe, start),
        loss=lambda ids: loss(net, ids),
        checkpoint=checkpoint,
        key=json.dumps([member.name, asdict(recipe), data]),
    ).train()
    loss_now = validate(net, vocabulary, recipe.row)
    _save(net.half(), words, folder)
    return _card(member, recipe, net, data, progress, loss_now)


def batches(vocabulary: dict[str, int], recipe: Recipe, start: int) -> Iterator[Tensor]:
    """Token ids ``[B, T + 1]`` from step ``start`` on; the rows before are drawn again and dropped."""
    stream = rows(vocabulary, FIRST_SEED + recipe.seed, held_out(), recipe.row)
    stream = islice(stream, start * recipe.batch, None)
    while True:
        yield torch.tensor(list(islice(stream, recipe.batch)))


def loss(net: Any, ids: Tensor) -> Tensor:
    """Mean next-token cross-entropy of rows ``[B, T + 1]``, in nats."""
    logits = net(input_ids=ids[:, :-1]).logits
    return functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


@torch.no_grad()
def validate(net: Any, vocabulary: dict[str, int], length: int) -> float:
    """Loss on documents of another seed."""
    stream = rows(vocabulary, VALIDATION_SEED, held_out(), length)
    return float(loss(net.eval(), torch.tensor(list(islice(stream, VALIDATION_ROWS)))))


def _save(net: Any, words: Any, folder: Path) -> None:
    from transformers.utils import logging

    logging.disable_progress_bar()
    net.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)  # says nothing that config.json does not
    words.save_pretrained(folder)


def _data(recipe: Recipe, vocabulary: dict[str, int]) -> dict[str, Any]:
    """The digest is of the first rows: it changes where the world's text does."""
    seed = FIRST_SEED + recipe.seed
    first = list(islice(rows(vocabulary, seed, held_out(), recipe.row), VALIDATION_ROWS))
    return {
        "what": "documents of w2s_bench.world, drawn without end",
        "seed": seed,
        "digest": hashlib.sha256(json.dumps(first).encode()).hexdigest(),
    }


def _card(
    member: Member, recipe: Recipe, net: Any, data: dict[str, Any], progress: Progress, validation_loss: float
) -> Card:
    parameters = net.num_parameters()
    return Card(
        name=member.name,
        family="text",
        parameters=parameters,
        non_embedding=parameters - net.get_input_embeddings().weight.numel(),
        width=member.width,
        layers=member.layers,
        recipe=asdict(recipe),
        data=data,
        data_licences={"world": "MIT"},
        seen=recipe.steps * recipe.row * recipe.batch,
        unit="tokens",
        cpu_seconds=round(progress.seconds),
        curve=progress.curve,
        validation={"world": validation_loss},
        validation_loss=round(validation_loss, 4),
        licence="MIT",
        exposure=EXPOSURE,
    )
