"""The fit loop, which every fit goes through."""

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
from w2s_bench.train.batches import Indices, Step, draw_steps
from w2s_bench.train.checkpoint import Checkpoint
from w2s_bench.train.checkpoint_data import stacked
from w2s_bench.train.device import accelerator
from w2s_bench.train.fsdp import place, world
from w2s_bench.train.fused import fused

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
    after: Callable[[Step], bool] = lambda step: False,
    backward: micro_batches.Backward = micro_batches.by_logits,
    checkpoint: Checkpoint | None = None,
) -> list[list[float]]:
    """AdamW over shuffled batches; returns the loss of every step, epoch by epoch.

    ``loss`` gets the network, a batch, the indices of its items and the context. ``parameters``: those to
    train (None: all). ``after`` is called after each step and ends training by returning true. ``backward``
    handles a batch larger than ``training.micro_batch``. Steps in the ``checkpoint`` are not trained again:
    only ``after`` is called.
    """

    def collate(items: Indices) -> Batch:
        return model.collate([encoded[i] for i in items])

    checkpoint = checkpoint or Checkpoint()
    accelerate = accelerator(device, training.precision)
    trained = model.parameters() if parameters is None else parameters
    net = place(model, device).train()
    net, optimizer = accelerate.prepare(net, _optimizer(trained, training))
    passes = micro_batches.Passes(
        accelerate, net, device, collate, size=training.micro_batch, cut=backward, halve=world() == 1
    )
    torch.manual_seed(seed)
    with _recipe_changes(model, training):
        steps = draw_steps(training, [model.length(item) for item in encoded], seed)
        past = checkpoint.begin()
        losses = past.losses
        for step in steps[: len(losses)]:
            after(step)
        if not past.ended:
            checkpoint.resume(optimizer, device)
        rest = [] if past.ended else steps[len(losses) :]
        for step, parts in micro_batches.prefetch(rest, lambda step: passes.parts(step.items), device):
            for group in optimizer.param_groups:
                group["lr"] = rate(training, step.index, step.total)
            value = passes.run(step.items, parts, _loss_of_step(loss, step, training))
            accelerate.clip_grad_norm_(model.parameters(), training.clip)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(value.detach())
            if after(step):
                break
            checkpoint.after_step(losses, optimizer, device)
        checkpoint.end(past, device)
    accelerate.unwrap_model(net, keep_fp32_wrapper=False)
    return _by_epoch(steps, stacked(losses).tolist())


def _by_epoch(steps: Sequence[Step], losses: Sequence[float]) -> list[list[float]]:
    """Losses of the steps that were done, one list for each epoch."""
    pairs = zip(steps, losses, strict=False)  # a method may have ended the fit before its last step
    return [[loss for _, loss in epoch] for _, epoch in groupby(pairs, lambda pair: pair[0].epoch)]


def _loss_of_step(loss: Loss, step: Step, training: Training) -> micro_batches.BatchLoss:
    context = Context(step=step.index, steps=step.total, epoch=step.epoch, epochs=training.epochs)
    return lambda net, batch: loss(net, batch, step.items, context)


def _optimizer(parameters: Iterable[Tensor], training: Training) -> torch.optim.Optimizer:
    decay, one_kernel = training.weight_decay, training.fused or None
    return torch.optim.AdamW(parameters, lr=training.learning_rate, weight_decay=decay, fused=one_kernel)


def _recipe_changes(model: Any, training: Training) -> ExitStack:
    """Apply gradient checkpointing and fused kernels as the recipe says; leaving the context undoes both."""
    changes = ExitStack()
    if training.checkpointing and hasattr(model, "lm"):
        model.lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        changes.callback(model.lm.gradient_checkpointing_disable)
    if training.fused and world() == 1:
        changes.enter_context(fused(model))
    return changes
