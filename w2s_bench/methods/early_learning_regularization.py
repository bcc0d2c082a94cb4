"""Early-learning regularization (ELR): pull the student towards its own earlier answers."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy

LEAST = 1e-4  # lower bound on 1 − ⟨s, m⟩, so that its logarithm is finite


class EarlyLearningRegularization(Method):
    """Regularize towards a moving average m of the student's answers to each item.

    Students learn correct labels before they memorise wrong ones, so early answers are worth keeping.
    """

    card = MethodCard(
        title="Early-learning regularization (ELR)",
        paper="Liu et al. 2020, arXiv 2007.00151",
        formula="m_i ← β·m_i + (1 − β)·sg(s_i), from 0; L = CE(w, s) + λ·mean_i log(1 − ⟨s_i, m_i⟩)",
        checked="formula, β = 0.7 and λ = 3 from memory of the paper, which was not read again. The "
        "averages last for one fit. In a single epoch each item is seen once: m is then (1 − β)·sg(s) of "
        "the same step, and the loss only sharpens the student",
        generalises="as published: an inner product over the item's own options",
    )

    class Options(method.Options):
        """``strength``: λ of the regularizer. ``momentum``: β of the moving average."""

        strength: float = Field(3.0, ge=0, le=10)
        momentum: float = Field(0.7, ge=0, le=0.99)

    memory: Tensor | None = None  # averages m [rows of the training pool, widest item so far]

    def recall(self, items: Tensor, own: Tensor) -> Tensor:
        """Update the averages of ``items [B]`` with the answers ``own [B, O]``; return them ``[B, O]``."""
        rows, width = int(items.max()) + 1, own.shape[1]
        memory = self.memory if self.memory is not None else own.new_zeros(0, 0)
        grown = own.new_zeros(max(rows, memory.shape[0]), max(width, memory.shape[1]))
        if grown.shape != memory.shape:
            grown[: memory.shape[0], : memory.shape[1]] = memory
            memory = grown
        b = self.options.momentum
        averages = b * memory[items, :width] + (1 - b) * own
        memory[items, :width] = averages
        self.memory = memory
        return averages

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy plus the regularizer; no gradient flows through the averages."""
        own = torch.softmax(logits, -1) * mask
        items = context.items if context.items is not None else torch.arange(len(own))
        averages = self.recall(items.to(own.device), own.detach())
        agreement = (own * averages).sum(-1)
        return (
            cross_entropy(logits, weak)
            + self.options.strength * (1 - agreement).clamp(min=LEAST).log().mean()
        )


METHOD = EarlyLearningRegularization
