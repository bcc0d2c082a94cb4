"""RAVEN: learn weights over several teachers together with the student, starting where teachers agree."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import TEACHERS, WEAK, Context, Inputs, Method, MethodCard, Student, cross_entropy


class Raven(Method):
    """Weight teachers by a softmax of scores, which take one gradient step on the student's loss per batch.

    Teachers whose labels the student can fit gain weight.
    """

    card = MethodCard(
        title="RAVEN: weights over teachers, learnt with the student",
        paper="arXiv 2510.21332",
        formula="a = softmax(v); L = CE(Σ_k a_k w_k, s); first ``warm`` of training: a even, items where all "
        "argmax w_k are equal; then v ← v − rate·∂L/∂v, ∂L/∂v_k = a_k (ℓ_k − Σ_j a_j ℓ_j), ℓ_k = CE(w_k, s)",
        checked="formula from the project's reference page and the paper's abstract; the paper itself was "
        "not read. The gradient is tested against autograd; optimiser, rate and length of the warm start "
        "are ours",
        generalises="teachers answer with any number of options; they agree if their most probable one is "
        "the same",
        cost="1 fit and the other teachers",
    )
    inputs = frozenset({WEAK, TEACHERS})

    class Options(method.Options):
        """``rate``: step size of the scores. ``warm``: share of training on agreed items, evenly weighted."""

        rate: float = Field(0.1, ge=0, le=10)
        warm: float = Field(0.2, ge=0, le=1)

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.scores: Tensor | None = None

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit; the loss combines the teachers itself, so the targets given here are not used."""
        self.scores = None
        student.fit(inputs.teachers.mean(0))

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy to the weighted mean of the teachers; also updates the scores."""
        teachers = context.teachers
        if self.scores is None:
            self.scores = teachers.new_zeros(len(teachers))
        if context.fraction < self.options.warm:
            votes = teachers.argmax(-1)
            agreed = (votes == votes[0]).all(0).to(logits)
            share = agreed.mean()
            return cross_entropy(logits, teachers.mean(0), agreed / share if share > 0 else None)
        weights = torch.softmax(self.scores, 0)
        loss = cross_entropy(logits, torch.einsum("k,kbo->bo", weights, teachers))
        losses = torch.stack([cross_entropy(logits.detach(), w) for w in teachers])
        self.scores = self.scores - self.options.rate * weights * (losses - weights @ losses)
        return loss


METHOD = Raven
