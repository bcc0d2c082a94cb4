"""Early-learning regularization (ELR): hold on to what the student said before it learnt the mistakes."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy

LEAST = 1e-4  # of 1 − ⟨s, m⟩ in the logarithm


class EarlyLearningRegularization(Method):
    """A moving average m of each item's own answers over the steps that saw it; s is drawn towards it."""

    card = MethodCard(
        title="Early-learning regularization (ELR)",
        paper="Liu et al. 2020, arXiv 2007.00151",
        formula="m_i ← β·m_i + (1 − β)·sg(s_i), from 0; L = CE(w, s) + λ·mean_i log(1 − ⟨s_i, m_i⟩)",
        checked="formula, β = 0.7 and λ = 3 from memory of the paper; its text was not read. The memory "
        "is of one fit, forward passes in order. In a single epoch each item is seen once: m is then (1 − "
        "β)·sg(s) of the same step, and the loss sharpens the student instead of remembering anything",
        generalises="nothing to generalise: an inner product over the item's own options",
    )

    class Options(method.Options):
        """``strength`` λ of the regularizer, ``momentum`` β of the memory."""

        strength: float = Field(3.0, ge=0, le=10)
        momentum: float = Field(0.7, ge=0, le=0.99)

    memory: Tensor | None = None  # [rows of the training pool, widest item so far]

    def recall(self, items: Tensor, own: Tensor) -> Tensor:
        """The items' averages ``[B, O]`` with their answers of now; they are kept for the next time."""
        rows, width = int(items.max()) + 1, own.shape[1]
        kept = self.memory if self.memory is not None else own.new_zeros(0, 0)
        grown = own.new_zeros(max(rows, kept.shape[0]), max(width, kept.shape[1]))
        if grown.shape != kept.shape:
            grown[: kept.shape[0], : kept.shape[1]] = kept
            kept = grown
        b = self.options.momentum
        found = b * kept[items, :width] + (1 - b) * own
        kept[items, :width] = found
        self.memory = kept
        return found

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy and the regularizer; the memory carries no gradient."""
        own = torch.softmax(logits, -1) * mask
        items = context.items if context.items is not None else torch.arange(len(own))
        remembered = self.recall(items.to(own.device), own.detach())
        agreement = (own * remembered).sum(-1)
        return (
            cross_entropy(logits, weak)
            + self.options.strength * (1 - agreement).clamp(min=LEAST).log().mean()
        )


METHOD = EarlyLearningRegularization
