"""Sharpened labels: train on a power of the weak probabilities."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy


class Sharpened(Method):
    """CE(w^p / Σ w^p, s)."""

    card = MethodCard(title="Sharpened labels", paper="none", formula="L = CE(w^p / Σ w^p, s)")

    class Options(method.Options):
        """``power``: 1 leaves the labels as they are."""

        power: float = Field(2.0, ge=1, le=8)

    def targets(self, weak: Tensor) -> Tensor:
        """Powers of the weak labels, summing to one again."""
        powers = weak**self.options.power
        return powers / powers.sum(-1, keepdim=True)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Soft-label cross-entropy."""
        return cross_entropy(logits, weak)


METHOD = Sharpened
