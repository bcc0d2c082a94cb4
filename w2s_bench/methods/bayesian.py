"""Bayesian WeakS-to-Strong: the student's logits are a Dirichlet that is fitted to several weak labels."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import TEACHERS, WEAK, Context, Method, MethodCard

LOWEST, HIGHEST = -4.0, 8.0  # of log Σ e^z: e^8 is as good as certain
SMALL = 1e-7


class Bayesian(Method):
    """Each teacher's label is a draw of what people might say. The student answers with the Dirichlet
    that they come from; its mean is the softmax, so that answers are read off as always."""

    card = MethodCard(
        title="Bayesian WeakS-to-Strong",
        paper="arXiv 2406.03199; evidential learning, Sensoy et al. 2018, arXiv 1806.01768",
        formula="α = A·softmax(z), A = floor + Σ e^z; c_o = Σ_k w_ko; L = (1/K)·[log Γ(A + K) − log Γ(A) − "
        "Σ_o (log Γ(α_o + c_o) − log Γ(α_o))] + prior·KL(Dir(α̃) ‖ Dir(1)), α̃ = w̄ + (1 − w̄)∘α",
        checked="the floor is ours; "
        "formula as given on the project's reference page (a Dirichlet fitted to several labels) "
        "and the "
        "Dirichlet-multinomial by hand; the paper's text was not read: its evidence function and the weight "
        "of its regulariser may differ",
        generalises="one concentration an option that exists, however many",
        cost="1 fit and the further teachers",
    )
    inputs = frozenset({WEAK, TEACHERS})

    class Options(method.Options):
        """``floor`` of the concentration: a few teachers that agree would else make it so small that they
        count as one. ``prior``: weight of the pull towards the flat Dirichlet."""

        floor: float = Field(35.0, ge=0, le=1000)
        prior: float = Field(0.08, ge=0, le=1)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Mean over items, in nats a teacher."""
        teachers = context.teachers.double()
        share = torch.softmax(logits.double(), -1)
        total = torch.logsumexp(logits.double(), -1).clamp(LOWEST, HIGHEST).exp() + self.options.floor
        alpha = (total[:, None] * share).clamp(min=SMALL)
        counts, n = teachers.sum(0) * mask, len(teachers)
        each = (torch.lgamma(alpha + counts) - torch.lgamma(alpha)).masked_fill(~mask, 0).sum(-1)
        found = (torch.lgamma(total + n) - torch.lgamma(total) - each) / n
        return (found + self.options.prior * self.pull(alpha, teachers.mean(0), mask)).mean().to(logits)

    def pull(self, alpha: Tensor, mean: Tensor, mask: Tensor) -> Tensor:
        """KL of the Dirichlet ``[B, O]``, less what the labels ``mean`` account for, from the flat one "
        "``[B]``."""
        left = torch.where(mask, mean + (1 - mean) * alpha, 1.0)  # 1 where there is no option: adds nothing
        count = mask.sum(-1).to(left)
        total = (left * mask).sum(-1)
        parts = (left - 1) * (torch.digamma(left) - torch.digamma(total)[:, None]) - torch.lgamma(left)
        return torch.lgamma(total) - torch.lgamma(count) + (parts * mask).sum(-1)


METHOD = Bayesian
