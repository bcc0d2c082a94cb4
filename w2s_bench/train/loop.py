"""The fit loop: the only place where anything is trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from w2s_bench.method import Context
from w2s_bench.model import Batch, Model
from w2s_bench.suite import Training
from w2s_bench.train import micro_batches
from w2s_bench.train.batches import Indices, Step, turns
from w2s_bench.train.checkpoint import Checkpoint, stacked
from w2s_bench.train.device import accelerator
from w2s_bench.train.fsdp import place, world
from w2s_bench.train.fused import fused
from w2s_bench.train.prefetch import feed

Loss = Callable[[Any, Batch, Indices, Context], Tensor]


def rate(training: Training, step: int, steps: int) -> float:
    """Learning rate at a step: linear warm-up, then constant, linear or cosine decay to zero."""
    warm = max(1, round(training.warmup * steps))
    if step < warm and training.warmup > 0:
        return training.learning_rate * (step + 1) / warm
    left = (steps - step) / steps
    shape = {"constant": 1.0, "linear": left, "cosine": 0.5 - 0.5 * math.cos(math.pi * left)}
    return training.learning_rate * shape[training.schedule]


def train(
    model: Model,
    encoded: Sequence[Any],
    training: Training,
    seed: int,
    device: torch.device,
    loss: Loss,
    *,
    parameters: Iterable[Tensor] | None = None,
    after: Callable[[Step], bool] = lambda turn: False,
    backward: micro_batches.Backward = micro_batches.by_logits,
    checkpoint: Checkpoint | None = None,
) -> list[list[float]]:
    """AdamW over shuffled batches; ``loss`` gets the network, a batch, its item indices and the time.

    ``parameters`` are those to train, if not all; ``after`` is told each step that is done and ends training
    by returning true; ``backward`` is how a batch larger than ``training.micro_batch`` is cut up. Steps that
    stand in the ``diary`` are told again and not done again. Returns the loss of every step, epoch by epoch.
    """
    checkpoint = checkpoint or Checkpoint()
    accelerate = accelerator(device, training.precision)
    trained = model.parameters() if parameters is None else parameters
    net = place(model, device).train()
    net, optimizer = accelerate.prepare(net, _optimizer(trained, training))
    passes = micro_batches.Passes(
        accelerate,
        net,
        device,
        lambda items: model.collate([encoded[i] for i in items]),
        size=training.micro_batch,
        cut=backward,
        halve=world() == 1,
    )
    torch.manual_seed(seed)
    with _ways(model, training):
        order = turns(training, [model.length(one) for one in encoded], seed)
        past = checkpoint.begin()
        losses = past.losses
        for turn in order[: len(losses)]:
            after(turn)
        if not past.ended:
            checkpoint.go_on(optimizer, device)
        rest = [] if past.ended else order[len(losses) :]
        for turn, parts in feed(rest, lambda turn: passes.parts(turn.items), device):
            for group in optimizer.param_groups:
                group["lr"] = rate(training, turn.step, turn.steps)
            context = Context(step=turn.step, steps=turn.steps, epoch=turn.epoch, epochs=training.epochs)
            value = passes.run(turn.items, parts, _of_batch(loss, turn, context))
            accelerate.clip_grad_norm_(model.parameters(), training.clip)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(value.detach())
            if after(turn):
                break
            checkpoint.look(losses, optimizer, device)
        checkpoint.end(past, device)
    accelerate.unwrap_model(net, keep_fp32_wrapper=False)
    return _by_epoch(order, stacked(losses).tolist())


def _by_epoch(order: Sequence[Step], losses: Sequence[float]) -> list[list[float]]:
    """Losses of the first steps of a fit, a list an epoch."""
    steps = zip(order, losses, strict=False)  # a method may have ended it before its last step
    return [[loss for _, loss in epoch] for _, epoch in groupby(steps, lambda step: step[0].epoch)]


def _of_batch(loss: Loss, turn: Step, context: Context) -> micro_batches.BatchLoss:
    return lambda net, batch: loss(net, batch, turn.items, context)


def _optimizer(parameters: Iterable[Tensor], training: Training) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        parameters,
        lr=training.learning_rate,
        weight_decay=training.weight_decay,
        fused=True if training.fused else None,
    )


def _ways(model: Any, training: Training) -> ExitStack:
    """What a recipe changes in how a model computes, but not in what; undone when this is left."""
    found = ExitStack()
    if training.checkpointing and hasattr(model, "lm"):
        model.lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        found.callback(model.lm.gradient_checkpointing_disable)
    if training.fused and world() == 1:
        found.enter_context(fused(model))
    return found
