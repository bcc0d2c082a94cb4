"""Product loss: train on the product of the teacher's and the student's own probabilities."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy


class Product(Method):
    """Combine teacher and student as a product of experts; the student's exponent rises over a warm-up."""

    card = MethodCard(
        title="Product loss",
        paper="openai/weak-to-strong (public code), product_loss_fn; not in Burns et al. 2023",
        formula="L = CE(t, s), t ∝ sg(s)^(β·r) · w^α, r = min(1, step / (warmup · steps))",
        checked="formula and defaults α = β = 1, warm-up 0.1 read in the public code, where the warm-up is "
        "an unused argument. What it should scale is not stated; ours scales β, so that training starts at "
        "the weak labels. For α = β = 1 the only stationary points are certain answers",
        generalises="as published: a product over the item's own options",
    )

    class Options(method.Options):
        """``alpha``, ``beta``: exponents of teacher and student. ``warmup``: share of training over which
        the student's exponent rises from 0."""

        alpha: float = Field(1.0, ge=0.1, le=4)
        beta: float = Field(1.0, ge=0, le=4)
        warmup: float = Field(0.1, ge=0, le=1)

    def exponent(self, context: Context) -> float:
        """The student's exponent β·r at this step."""
        o = self.options
        return o.beta * context.ramp(o.warmup)

    def target(self, own: Tensor, weak: Tensor, mask: Tensor, exponent: float) -> Tensor:
        """The normalised product ``[B, O]`` of weak labels and the student's log-probabilities ``own``.

        It is computed in logarithms, so that it exists even if both factors underflow.
        """
        product = exponent * own + self.options.alpha * weak.log()
        return torch.softmax(product.masked_fill(~mask, -torch.inf), -1)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy to the product, which is detached."""
        own = torch.log_softmax(logits.detach(), -1)
        return cross_entropy(logits, self.target(own, weak, mask, self.exponent(context)))


METHOD = Product
