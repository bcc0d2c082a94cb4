"""Confidence window: learn from the teacher only where the student is still unsure."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard


class ConfidenceWindow(Method):
    """Drop items from the loss once the student's best probability reaches a bound.

    The mean is still over the whole batch, so steps shrink as the student grows sure.
    """

    card = MethodCard(
        title="Confidence window",
        paper="EleutherAI/w2s (public code), loss 'window'",
        formula="L = (1/B) Σ_i 1[max_o s_io < 1/o_i + 2·radius·(1 − 1/o_i)] · CE(w_i, s_i)",
        checked="formula for two classes, max s < ½ + radius, the division by the whole batch and radius "
        "0.15 read in the public code. Its other setting 'midweak', a radius from the weak labels, is "
        "left out. Different here: if no item of a batch is unsure, the least sure one counts, so that no "
        "step is empty",
        generalises="o_i options: the same share of the way from guessing, 1/o_i, to certainty; for two "
        "that is ½ + radius, and radius 0.5 is no window for any number",
    )

    class Options(method.Options):
        """``radius``: of the window, as a probability of one of two options; 0.5 lets every item in."""

        radius: float = Field(0.15, ge=0.01, le=0.5)

    def unsure(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Mask ``[B]`` of the items that the student is unsure of."""
        best = torch.softmax(logits, -1).max(-1).values
        guess = 1 / mask.sum(-1)
        share = (best - guess) / (1 - guess)
        inside = share < 2 * self.options.radius
        return inside if inside.any() else share == share.min()

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Summed cross-entropy of the unsure items, divided by the size of the batch."""
        losses = -(weak * torch.log_softmax(logits, -1)).sum(-1)
        return (losses * self.unsure(logits.detach(), mask)).mean()


METHOD = ConfidenceWindow
