"""Reverse KL: mode-seeking; the student need not cover all options that the teacher finds likely."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard


class ReverseKL(Method):
    """Minimise KL(s‖w), or the reverse cross-entropy, which leaves out the student's entropy."""

    card = MethodCard(
        title="Reverse KL",
        paper="Yao et al. 2025, arXiv 2502.11107",
        formula="L = Σ_o s_o·(log s_o − log w̃_o), or −Σ_o s_o·log w̃_o; w̃ = (1 − ε)·w + ε/o",
        checked="formula from the project's reference page. The paper's abstract names both losses and the "
        "direction KL(s‖w); the paper itself was not read. ε is ours: a weak probability of 0 would make "
        "the loss infinite",
        generalises="as published: a divergence over the item's own options",
    )

    class Options(method.Options):
        """``form``: reverse KL or reverse cross-entropy. ``smoothing``: ε, which bounds the logarithm."""

        form: Literal["kl", "ce"] = "kl"
        smoothing: float = Field(1e-3, ge=1e-6, le=0.5)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Mean divergence over items; the gradient flows through the student's probabilities."""
        e = self.options.smoothing
        teacher = ((1 - e) * weak + e / mask.sum(-1, keepdim=True)).log()
        own = torch.log_softmax(logits, -1)
        cost = own - teacher if self.options.form == "kl" else -teacher
        return (own.exp() * cost.masked_fill(~mask, 0)).sum(-1).mean()


METHOD = ReverseKL
