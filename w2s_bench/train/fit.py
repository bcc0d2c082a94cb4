"""What is fitted, with which loss, and prediction; the loop itself is :mod:`w2s_bench.train.loop`.

Shapes: N training items, B a batch, O options of the widest item.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.errors import FitFailed, UserError
from w2s_bench.method import Context, Method, targets_of
from w2s_bench.model import Batch, Model
from w2s_bench.suite import Training
from w2s_bench.train.checkpoint import Checkpoint
from w2s_bench.train.loop import train
from w2s_bench.train.micro_batches import by_items

PREDICT_BATCH = 64
# Whatever the fit's own part: teacher, student and ceiling read the same text before it.
LANGUAGE_PARTS = ("teacher", "transfer")


def fit(
    model: Model,
    encoded: Sequence[Any],
    labels: NDArray[np.float32],
    method: Method,
    training: Training,
    seed: int,
    device: torch.device,
    options: int | None = None,
    checkpoint: Checkpoint | None = None,
) -> list[list[float]]:
    """Train ``model`` in place on labels ``[N, O]``; returns the loss of every step, epoch by epoch.

    Batch order follows from ``seed`` alone, so all methods of a seed see the same batches. ``options`` is
    the context's. Errors: FitFailed when the loss is not a finite scalar.
    """
    targets = _targets(method, labels)

    def loss(net: Any, batch: Batch, chosen: NDArray[np.int64], context: Context) -> Tensor:
        weak = targets[chosen, : batch.mask.shape[1]].to(device)
        return method_loss(method, net(batch), weak, batch.mask, replace(context, options=options))

    losses = train(model, encoded, training, seed, device, loss, checkpoint=checkpoint)
    check_finite(losses, f"method {type(method).__name__}")
    return losses


def model_language(
    model: Model,
    encoded: Sequence[Any],
    training: Training,
    seed: int,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
) -> list[list[float]]:
    """The stage of generative finetuning: train ``model`` in place on its inputs, no label in sight."""

    def loss(net: Any, batch: Batch, chosen: NDArray[np.int64], context: Context) -> Tensor:
        return model.language_loss(batch)

    losses = train(model, encoded, training, seed, device, loss, backward=by_items, checkpoint=checkpoint)
    check_finite(losses, "language modelling of the inputs")
    return losses


def language_stage(
    model: Model,
    encoded: Sequence[Any],
    stage: Mapping[str, Any],
    training: Training,
    seed: int,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
) -> None:
    """Generative finetuning on inputs of :data:`LANGUAGE_PARTS`, as long and as fast as ``stage`` says."""
    rate = training.learning_rate * stage["rate"]
    changed = training.model_copy(update={"epochs": stage["epochs"], "learning_rate": rate})
    model_language(model, encoded, changed, seed, device, checkpoint)


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


def check_finite(losses: Sequence[Sequence[float]], where: str) -> None:
    """Checked once at the end: asking at every step would make a GPU wait for each."""
    steps = [value for epoch in losses for value in epoch]
    bad = next((k for k, value in enumerate(steps) if not math.isfinite(value)), None)
    if bad is not None:
        raise FitFailed(
            f"the loss is {steps[bad]} at step {bad} of {len(steps)}",
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
