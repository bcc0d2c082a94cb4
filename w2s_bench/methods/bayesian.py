"""Bayesian WeakS-to-Strong: fit a Dirichlet, given by the student's logits, to several weak labels."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import TEACHERS, WEAK, Context, Method, MethodCard

HIGHEST = 8.0  # bound on a logit: evidence of e^8 is practically certain


class Bayesian(Method):
    """Treat the teachers' labels of an item as draws from a distribution, which the student predicts.

    The student's logits give evidence for each option, and so a Dirichlet over label distributions. The
    option with the most evidence is the answer, as for any other method; the total says how much the teachers
    are expected to agree.
    """

    card = MethodCard(
        title="Bayesian WeakS-to-Strong",
        paper="arXiv 2406.03199; evidential learning, Sensoy et al. 2018, arXiv 1806.01768",
        formula="α_o = e^{z_o} + 1, A = Σ α_o; c_o = Σ_k w_ko; L = (1/K)·[log Γ(A + K) − log Γ(A) − "
        "Σ_o (log Γ(α_o + c_o) − log Γ(α_o))] + λ·KL(Dir(α̃) ‖ Dir(1)), α̃ = w̄ + (1 − w̄)∘α, "
        "λ = min(1, epochs done / anneal)",
        checked="evidence, regulariser and its annealing over 10 epochs as in evidential learning, with "
        "exponential evidence; the likelihood of several labels is the Dirichlet-multinomial, derived by "
        "hand. The first paper itself was not read",
        generalises="evidence for each option of the item, however many",
        cost="1 fit and the other teachers",
    )
    version = 2
    inputs = frozenset({WEAK, TEACHERS})

    class Options(method.Options):
        """``anneal``: epochs until the KL to the flat Dirichlet has its whole weight."""

        anneal: float = Field(10.0, gt=0, le=1000)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Negative log-likelihood in nats for each teacher, plus the regulariser; the mean over items."""
        teachers = context.teachers.double()
        alpha = torch.where(mask, logits.double().clamp(max=HIGHEST).exp() + 1, 1.0)
        total = (alpha * mask).sum(-1)
        counts, n = teachers.sum(0) * mask, len(teachers)
        by_option = (torch.lgamma(alpha + counts) - torch.lgamma(alpha)).masked_fill(~mask, 0).sum(-1)
        surprise = (torch.lgamma(total + n) - torch.lgamma(total) - by_option) / n
        weight = min(1.0, context.fraction * context.epochs / self.options.anneal)
        return (surprise + weight * self.divergence(alpha, teachers.mean(0), mask)).mean().to(logits)

    def divergence(self, alpha: Tensor, mean: Tensor, mask: Tensor) -> Tensor:
        """KL(Dir(α̃) ‖ Dir(1)) ``[B]`` of ``alpha [B, O]``. In α̃ the options that the labels ``mean [B, O]``
        support are set back to 1, so that evidence for the label itself costs nothing."""
        rest = torch.where(mask, mean + (1 - mean) * alpha, 1.0)  # 1 where there is no option: adds nothing
        count = mask.sum(-1).to(rest)
        total = (rest * mask).sum(-1)
        parts = (rest - 1) * (torch.digamma(rest) - torch.digamma(total)[:, None]) - torch.lgamma(rest)
        return torch.lgamma(total) - torch.lgamma(count) + (parts * mask).sum(-1)


METHOD = Bayesian
