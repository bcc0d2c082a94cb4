"""RAVEN: weights over several teachers are learnt together with the student, first where teachers agree."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import TEACHERS, WEAK, Context, Inputs, Method, MethodCard, Student, cross_entropy


class Raven(Method):
    """The weights are a softmax of scores that take a gradient step a batch, on the loss that the student
    sees: teachers whose labels the student can follow come to count more."""

    card = MethodCard(
        title="RAVEN: weights over teachers, learnt with the student",
        paper="arXiv 2510.21332",
        formula="a = softmax(v); L = CE(Σ_k a_k w_k, s); first ``warm`` of training: a even, items where all "
        "argmax w_k are equal; then v ← v − rate·∂L/∂v, ∂L/∂v_k = a_k (ℓ_k − Σ_j a_j ℓ_j), ℓ_k = CE(w_k, s)",
        checked="formula as given on the project's reference page and an abstract of the paper; its text "
        "was not "
        "read. The gradient is checked against autograd; optimiser, rate and length of the warm start are "
        "ours",
        generalises="teachers answer with any number of options; agreement is of the most probable one",
        cost="1 fit and the further teachers",
    )
    inputs = frozenset({WEAK, TEACHERS})

    class Options(method.Options):
        """``rate`` of the scores a step; ``warm``: share of training on agreed items, with even weights."""

        rate: float = Field(0.1, ge=0, le=10)
        warm: float = Field(0.2, ge=0, le=1)

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.scores: Tensor | None = None

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit; the loss makes the targets."""
        self.scores = None
        student.fit(inputs.teachers.mean(0))

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy to the weighted mean, and a step of the scores."""
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
        each = torch.stack([cross_entropy(logits.detach(), w) for w in teachers])
        self.scores = self.scores - self.options.rate * weights * (each - weights @ each)
        return loss


METHOD = Raven
