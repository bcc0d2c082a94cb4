"""A fit of a model on labels by a method's loss alone: the training loop without the student's handle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.method import Context, Method
from w2s_bench.model import Batch, Model
from w2s_bench.suite import Training
from w2s_bench.train.loop import train
from w2s_bench.train.method_checks import check_finite, checked_loss, name_of

CPU = torch.device("cpu")


def fit_labels(
    model: Model,
    encoded: Sequence[Any],
    labels: NDArray[np.float32],
    method: Method,
    training: Training,
    seed: int,
    device: torch.device = CPU,
    options: int | None = None,
) -> list[list[float]]:
    """Train ``model`` in place on labels ``[N, O]``; returns the loss of every step, epoch by epoch."""
    targets = torch.from_numpy(labels)

    def loss(net: Any, batch: Batch, rows: NDArray[np.int64], context: Context) -> Tensor:
        weak = targets[rows, : batch.mask.shape[1]].to(device)
        context = replace(context, options=options)
        return checked_loss(method, method.loss, net(batch), weak, batch.mask, context)

    losses = train(model, encoded, training, seed, device, loss)
    check_finite(losses, name_of(method))
    return losses
