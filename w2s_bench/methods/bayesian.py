"""Bayesian WeakS-to-Strong: fit a Dirichlet, given by the student's logits, to several weak labels."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import TEACHERS, WEAK, Context, Method, MethodCard

LOWEST, HIGHEST = -4.0, 8.0  # bounds on log Σ e^z: a concentration of e^8 is practically certain
SMALL = 1e-7  # least concentration of one option, so that its log-gamma is finite


class Bayesian(Method):
    """Treat the teachers' labels of an item as draws from a distribution, which the student predicts.

    The student's logits give a Dirichlet over label distributions. Its mean is the softmax, so answers are
    read off as for any other method; its concentration says how much the teachers are expected to agree.
    """

    card = MethodCard(
        title="Bayesian WeakS-to-Strong",
        paper="arXiv 2406.03199; evidential learning, Sensoy et al. 2018, arXiv 1806.01768",
        formula="α = A·softmax(z), A = floor + Σ e^z; c_o = Σ_k w_ko; L = (1/K)·[log Γ(A + K) − log Γ(A) − "
        "Σ_o (log Γ(α_o + c_o) − log Γ(α_o))] + prior·KL(Dir(α̃) ‖ Dir(1)), α̃ = w̄ + (1 − w̄)∘α",
        checked="a Dirichlet fitted to several labels, from the project's reference page; the "
        "Dirichlet-multinomial was derived by hand; the paper itself was not read, and its evidence "
        "function and the weight of its regulariser may differ. The floor is ours",
        generalises="one concentration for each option of the item, however many",
        cost="1 fit and the other teachers",
    )
    inputs = frozenset({WEAK, TEACHERS})

    class Options(method.Options):
        """``floor``: least total concentration; without it a few teachers that agree would drive the
        concentration so low that they count as one. ``prior``: weight of the KL to the flat Dirichlet."""

        floor: float = Field(35.0, ge=0, le=1000)
        prior: float = Field(0.08, ge=0, le=1)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Negative log-likelihood in nats for each teacher, plus the regulariser; the mean over items."""
        teachers = context.teachers.double()
        share = torch.softmax(logits.double(), -1)
        total = torch.logsumexp(logits.double(), -1).clamp(LOWEST, HIGHEST).exp() + self.options.floor
        alpha = (total[:, None] * share).clamp(min=SMALL)
        counts, n = teachers.sum(0) * mask, len(teachers)
        by_option = (torch.lgamma(alpha + counts) - torch.lgamma(alpha)).masked_fill(~mask, 0).sum(-1)
        surprise = (torch.lgamma(total + n) - torch.lgamma(total) - by_option) / n
        penalty = self.divergence(alpha, teachers.mean(0), mask)
        return (surprise + self.options.prior * penalty).mean().to(logits)

    def divergence(self, alpha: Tensor, mean: Tensor, mask: Tensor) -> Tensor:
        """KL(Dir(α̃) ‖ Dir(1)) ``[B]`` of ``alpha [B, O]``. In α̃ the options that the labels ``mean [B, O]``
        support are set back to 1, so that evidence for the label itself costs nothing."""
        rest = torch.where(mask, mean + (1 - mean) * alpha, 1.0)  # 1 where there is no option: adds nothing
        count = mask.sum(-1).to(rest)
        total = (rest * mask).sum(-1)
        parts = (rest - 1) * (torch.digamma(rest) - torch.digamma(total)[:, None]) - torch.lgamma(rest)
        return torch.lgamma(total) - torch.lgamma(count) + (parts * mask).sum(-1)


METHOD = Bayesian
