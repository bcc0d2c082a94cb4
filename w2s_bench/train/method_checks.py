"""Checks of losses, targets, weights, rows and predictions that come from methods.

Every error is a FitFailed that names the method, so that the run can mark its cells and continue.
Shapes: M rows of the training pool, O options of the widest item.
"""

from __future__ import annotations

import inspect
import math
import traceback
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.errors import FitFailed, UserError
from w2s_bench.method import Context, Loss, Method, Predictor, View

TOLERANCE = 1e-3  # how far the sum of a row of probabilities may be from one


def checked_loss(
    method: Method, loss: Loss, logits: Tensor, targets: Tensor, mask: Tensor, context: Context
) -> Tensor:
    """The value of a method's ``loss``: a scalar with a gradient. Errors: FitFailed."""
    try:
        value = loss(logits, targets, mask, context)
    except UserError:
        raise
    except Exception as error:
        raise method_error("loss", error, method) from error
    if not isinstance(value, Tensor) or value.ndim != 0:
        raise FitFailed(f"loss() gave {_type_of(value)}", where=name_of(method), expected="a scalar tensor")
    if not value.requires_grad:
        raise FitFailed(
            "loss() gave a tensor that no gradient reaches",
            where=name_of(method),
            expected="a loss made from the logits",
        )
    return value


def name_of(method: Method) -> str:
    """A method as errors name it."""
    return f"method {type(method).__name__}"


def method_error(function: str, error: BaseException, method: Method) -> FitFailed:
    """The FitFailed for an exception in a method's own function."""
    text = f"{function}() raised {type(error).__name__}: {error}"
    return FitFailed(text[:400], where=name_of(method), expected="a method that runs")


def failing_function(method: Method, error: BaseException) -> str:
    """The function in the method's own file that an exception came from; ``learn`` if there is none."""
    file = inspect.getfile(type(method))
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return names[-1] if names else "learn"


def _type_of(value: Any) -> str:
    return f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__


def check_finite(losses: Sequence[Sequence[float]], where: str) -> None:
    """Check the losses of all steps, by epoch. Errors: FitFailed.

    Called once after training, because a check at every step would make a GPU wait.
    """
    steps = [value for epoch in losses for value in epoch]
    bad = next((k for k, value in enumerate(steps) if not math.isfinite(value)), None)
    if bad is not None:
        raise FitFailed(
            f"the loss is {steps[bad]} at step {bad} of {len(steps)}",
            where=where,
            expected="finite losses",
            mend="lower the learning rate of this model in the suite",
        )


def check_distributions(values: Any, mask: Tensor, what: str, where: str) -> None:
    """Check that rows of ``values [M, O]`` are distributions over their items' options. Errors: FitFailed."""
    if not isinstance(values, Tensor) or values.shape != mask.shape:
        shape = f"a tensor of shape {tuple(mask.shape)}"
        raise FitFailed(f"{what} of {_type_of(values)}", where=where, expected=shape)
    values = values.detach().cpu()
    if not bool(torch.isfinite(values).all()):
        raise FitFailed(f"{what} that are not finite", where=where, expected="probabilities")
    if bool((values < -TOLERANCE).any()) or bool((values[~mask].abs() > TOLERANCE).any()):
        wrong = f"{what} below zero, or above it where there is no option"
        raise FitFailed(wrong, where=where, expected="probabilities")
    errors = (values.sum(-1) - 1).abs()
    if bool((errors > TOLERANCE).any()):
        row = int(errors.argmax())
        wrong = f"{what} do not sum to one: row {row} sums to {float(values[row].sum()):.4g}"
        raise FitFailed(wrong, where=where, expected="a probability for each option")


def check_weights(weights: Tensor, rows: int, where: str) -> None:
    """Check that there is one finite weight for each row ``[M]``. Errors: FitFailed."""
    if weights.shape != (rows,) or not bool(torch.isfinite(weights).all()):
        shape = tuple(weights.shape)
        raise FitFailed(f"weights of shape {shape}", where=where, expected=f"{rows} finite numbers")


def training_rows(items: Tensor | Sequence[int] | None, rows: int, where: str) -> NDArray[np.int64]:
    """Rows of the pool to train on, from indices or a mask of booleans; None for all. Errors: FitFailed."""
    if items is None:
        return np.arange(rows)
    chosen = torch.as_tensor(items)
    chosen = chosen.nonzero().flatten() if chosen.dtype == torch.bool else chosen.long()
    if not len(chosen) or int(chosen.min()) < 0 or int(chosen.max()) >= rows:
        wrong = "no item is chosen, or one beyond the pool"
        raise FitFailed(wrong, where=where, expected=f"rows below {rows}")
    return chosen.numpy()


def probe_predictions(predictor: Predictor, view: View, where: str) -> NDArray[np.float32]:
    """A probe's probabilities on the items of a view ``[M, O]``. Errors: FitFailed."""
    with torch.no_grad():
        predictions = predictor(view)
    check_distributions(predictions, view.mask, "predictions", where)
    return predictions.float().cpu().numpy()
