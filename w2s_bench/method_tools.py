"""Ridge regression with leave-one-out predictions; tensors alone."""

from __future__ import annotations

import torch
from torch import Tensor


class LeaveOneOut:
    """Regression on ``features [N, H]``, standardised, with an intercept that does not decay.

    ``ridge``: decay, as a share of the features' variance. Solved once, for as many values as wanted.
    """

    def __init__(self, features: Tensor, ridge: float) -> None:
        x = (features - features.mean(0)) / features.std(0, correction=0).clamp(min=1e-6)
        x = torch.cat([x, torch.ones_like(x[:, :1])], -1).double()
        decay = ridge * len(x) * torch.eye(x.shape[1], dtype=x.dtype)
        decay[-1, -1] = 0
        self._x, self._solved = x, torch.linalg.solve(x.T @ x + decay, x.T)
        self._lever = (x * self._solved.T).sum(-1, keepdim=True)

    def predict(self, values: Tensor) -> Tensor:
        """For each row of ``values [N, C]``: y_i − (y_i − ŷ_i)/(1 − h_ii), h the projection."""
        fitted = self._x @ (self._solved @ values)
        return values - (values - fitted) / (1 - self._lever).clamp(min=1e-6)
