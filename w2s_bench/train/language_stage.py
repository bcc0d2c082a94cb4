"""Generative finetuning: a stage of language modelling on the inputs before a fit, without any label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.method import Context
from w2s_bench.model import Batch, Model
from w2s_bench.suite import Training
from w2s_bench.train.checkpoint import Checkpoint
from w2s_bench.train.loop import train
from w2s_bench.train.method_checks import check_finite
from w2s_bench.train.micro_batches import by_items


def language_stage(
    model: Model,
    encoded: Sequence[Any],
    stage: Mapping[str, Any],
    training: Training,
    seed: int,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
) -> list[list[float]]:
    """Train ``model`` in place to predict the next token of its inputs; returns the loss of every step.

    ``stage``: how many ``epochs``, and by what factor ``rate`` the learning rate is multiplied. Errors:
    FitFailed where a loss is not finite.
    """
    rate = training.learning_rate * stage["rate"]
    training = training.model_copy(update={"epochs": stage["epochs"], "learning_rate": rate})

    def loss(net: Any, batch: Batch, rows: NDArray[np.int64], context: Context) -> Tensor:
        return model.language_loss(batch)

    losses = train(model, encoded, training, seed, device, loss, backward=by_items, checkpoint=checkpoint)
    check_finite(losses, "language modelling of the inputs")
    return losses
