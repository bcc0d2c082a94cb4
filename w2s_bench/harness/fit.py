"""The fit loop and prediction: the only place where anything is trained.

Shapes: N training items, B a batch, O options of the widest item.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.errors import FitFailed, UserError
from w2s_bench.harness import micro
from w2s_bench.harness.device import accelerator
from w2s_bench.harness.sharded import place
from w2s_bench.method import Context, Method, targets_of
from w2s_bench.model import Batch, Model
from w2s_bench.suite import Training
from w2s_bench.task import Item

PREDICT_BATCH = 64
# Whatever the fit's own part: teacher, student and ceiling read the same text before it.
LANGUAGE_PARTS = ("teacher", "transfer")


def batches(n: int, size: int, epochs: int, seed: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """(epoch, item indices) of every batch; a new order each epoch, the last batch may be smaller."""
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(n)
        for start in range(0, n, size):
            yield epoch, order[start : start + size]


def rate(training: Training, step: int, steps: int) -> float:
    """Learning rate at a step: linear warm-up, then constant, linear or cosine decay to zero."""
    warm = max(1, round(training.warmup * steps))
    if step < warm and training.warmup > 0:
        return training.learning_rate * (step + 1) / warm
    left = (steps - step) / steps
    shape = {"constant": 1.0, "linear": left, "cosine": 0.5 - 0.5 * math.cos(math.pi * left)}
    return training.learning_rate * shape[training.schedule]


def fit(
    model: Model,
    encoded: Sequence[Any],
    labels: NDArray[np.float32],
    method: Method,
    training: Training,
    seed: int,
    device: torch.device,
    options: int | None = None,
) -> list[float]:
    """Train ``model`` in place on labels ``[N, O]``; returns the loss of every step.

    Batch order follows from ``seed`` alone, so all methods of a seed see the same batches. ``options`` is
    the context's. Errors: FitFailed when the loss is not a finite scalar.
    """
    targets = _targets(method, labels)

    def loss(net: Any, batch: Batch, chosen: NDArray[np.int64], context: Context) -> Tensor:
        weak = targets[chosen, : batch.mask.shape[1]].to(device)
        return method_loss(method, net(batch), weak, batch.mask, replace(context, options=options))

    losses = _train(model, encoded, training, seed, device, loss)
    check_finite(losses, f"method {type(method).__name__}")
    return losses


def model_language(
    model: Model, encoded: Sequence[Any], training: Training, seed: int, device: torch.device
) -> list[float]:
    """The stage of generative finetuning: train ``model`` in place on its inputs, no label in sight."""

    def loss(net: Any, batch: Batch, chosen: NDArray[np.int64], context: Context) -> Tensor:
        return model.language_loss(batch)

    losses = _train(model, encoded, training, seed, device, loss, backward=micro.by_items)
    check_finite(losses, "language modelling of the inputs")
    return losses


def language_stage(
    model: Model,
    items: Sequence[Item],
    stage: Mapping[str, Any],
    training: Training,
    seed: int,
    device: torch.device,
) -> None:
    """Generative finetuning on inputs of :data:`LANGUAGE_PARTS`, as long and as fast as ``stage`` says."""
    rate = training.learning_rate * stage["rate"]
    changed = training.model_copy(update={"epochs": stage["epochs"], "learning_rate": rate})
    model_language(model, model.encode(items), changed, seed, device)


Loss = Callable[[Any, Batch, NDArray[np.int64], Context], Tensor]


def _train(
    model: Model,
    encoded: Sequence[Any],
    training: Training,
    seed: int,
    device: torch.device,
    loss: Loss,
    *,
    parameters: Iterable[Tensor] | None = None,
    after: Callable[[int], bool] = lambda step: False,
    backward: micro.Backward = micro.by_logits,
) -> list[float]:
    """AdamW over shuffled batches; ``loss`` gets the network, a batch, its item indices and the time.

    ``parameters`` are those to train, if not all; ``after`` is told each step that is done and ends training
    by returning true; ``backward`` is how a batch larger than ``training.micro_batch`` is cut up.
    """
    accelerate = accelerator(device, training.precision)
    optimizer = torch.optim.AdamW(
        model.parameters() if parameters is None else parameters,
        lr=training.learning_rate,
        weight_decay=training.weight_decay,
    )
    net, optimizer = accelerate.prepare(place(model, device).train(), optimizer)
    steps = training.epochs * math.ceil(len(encoded) / training.batch_size)
    losses: list[Tensor] = []
    torch.manual_seed(seed)
    for step, (epoch, chosen) in enumerate(batches(len(encoded), training.batch_size, training.epochs, seed)):
        for group in optimizer.param_groups:
            group["lr"] = rate(training, step, steps)
        context = Context(step=step, steps=steps, epoch=epoch, epochs=training.epochs)
        if training.micro_batch is not None and training.micro_batch < len(chosen):
            parts = [model.collate([encoded[i] for i in part]) for part in training.parts_of(chosen)]
            value = backward(accelerate, net, parts, device, _of_batch(loss, chosen, context))
        else:
            batch = model.collate([encoded[i] for i in chosen]).to(device)
            with accelerate.autocast():
                value = loss(net, batch, chosen, context)
            accelerate.backward(value)
        accelerate.clip_grad_norm_(model.parameters(), training.clip)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(value.detach())
        if after(step):
            break
    accelerate.unwrap_model(net, keep_fp32_wrapper=False)
    return torch.stack(losses).tolist()


def _of_batch(loss: Loss, chosen: NDArray[np.int64], context: Context) -> micro.BatchLoss:
    return lambda net, batch: loss(net, batch, chosen, context)


def _targets(method: Method, labels: NDArray[np.float32]) -> Tensor:
    """Of gold labels, whose zeros say nothing of the mask: every option of the widest item counts as one."""
    weak = torch.from_numpy(labels)
    try:
        targets = targets_of(method, weak, torch.ones_like(weak, dtype=torch.bool))
    except Exception as error:
        raise raised("targets()", error, method) from error
    if targets.shape != weak.shape:
        raise FitFailed(
            f"targets() gave shape {tuple(targets.shape)}",
            where=f"method {type(method).__name__}",
            expected=f"shape {tuple(weak.shape)}",
        )
    return targets


def method_loss(method: Method, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
    """The method's loss; whatever is wrong with it is told by the method's name."""
    try:
        loss = method.loss(logits, weak, mask, context)
    except UserError:
        raise
    except Exception as error:
        raise raised("loss()", error, method) from error
    _check_scalar(loss, method)
    return loss


def raised(what: str, error: BaseException, method: Method) -> FitFailed:
    """An error of a method's own function, by its name."""
    told = f"{what} raised {type(error).__name__}: {error}"
    return FitFailed(told[:400], where=f"method {type(method).__name__}", expected="a method that runs")


def _check_scalar(loss: Any, method: Method) -> None:
    if not isinstance(loss, Tensor) or loss.ndim != 0:
        got = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise FitFailed(
            f"loss() gave {got}", where=f"method {type(method).__name__}", expected="a scalar tensor"
        )
    if not loss.requires_grad:
        raise FitFailed(
            "loss() gave a tensor that no gradient reaches",
            where=f"method {type(method).__name__}",
            expected="a loss made from the logits",
        )


def check_finite(losses: list[float], where: str) -> None:
    """Checked once at the end: asking at every step would make a GPU wait for each."""
    bad = next((k for k, value in enumerate(losses) if not math.isfinite(value)), None)
    if bad is not None:
        raise FitFailed(
            f"the loss is {losses[bad]} at step {bad} of {len(losses)}",
            where=where,
            expected="finite losses",
            mend="lower the learning rate of this model in the suite",
        )


@torch.no_grad()
def predict(model: Model, encoded: Sequence[Any], device: torch.device) -> NDArray[np.float32]:
    """Probabilities ``[N, O]`` over the options of each item, 0 where there is no option."""
    model.to(device).eval()
    order = sorted(range(len(encoded)), key=lambda i: model.length(encoded[i]))
    found: list[tuple[list[int], Tensor]] = []
    for start in range(0, len(order), PREDICT_BATCH):
        chosen = order[start : start + PREDICT_BATCH]
        batch = model.collate([encoded[i] for i in chosen]).to(device)
        found.append((chosen, torch.softmax(model(batch), dim=-1) * batch.mask))
    out = np.zeros((len(encoded), max(p.shape[1] for _, p in found)), dtype=np.float32)
    for chosen, probabilities in found:
        out[chosen, : probabilities.shape[1]] = probabilities.cpu().numpy()
    return out
