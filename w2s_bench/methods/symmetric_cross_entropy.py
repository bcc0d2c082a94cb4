"""Symmetric cross-entropy: add the reverse cross-entropy, which bounds the cost of a wrong label."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy


class SymmetricCrossEntropy(Method):
    """CE(w, s), which learns fast, plus the noise-tolerant reverse CE(s, w), its logarithm cut off at A."""

    card = MethodCard(
        title="Symmetric cross-entropy",
        paper="Wang et al. 2019, arXiv 1908.06112",
        formula="L = α·CE(w, s) − β·Σ_o s_o·max(log w_o, A)",
        checked="formula from memory of the paper, which was not read again; there log 0 := A for one-hot "
        "labels. α = β = 1 and A = −4 are our defaults; the paper sets α and β for each data set",
        generalises="soft labels: the logarithm is cut off at A, which for one-hot labels is log 0 := A; any "
        "number of options as published",
    )

    class Options(method.Options):
        """``alpha``, ``beta``: weights of the two losses. ``cut``: A, the least logarithm."""

        alpha: float = Field(1.0, ge=0.01, le=10)
        beta: float = Field(1.0, ge=0, le=10)
        cut: float = Field(-4.0, ge=-12, le=-1)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Weighted sum of both losses; the gradient of the reverse one flows through s alone."""
        o = self.options
        floor = weak.log().clamp(min=o.cut).masked_fill(~mask, 0)
        reverse = -(torch.softmax(logits, -1) * floor).sum(-1).mean()
        return o.alpha * cross_entropy(logits, weak) + o.beta * reverse


METHOD = SymmetricCrossEntropy
