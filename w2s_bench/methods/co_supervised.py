"""Co-supervised learning: label each item by the specialist teacher that the student finds most plausible."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import RELABEL, TEACHERS, WEAK, Inputs, Method, MethodCard, Student


class CoSupervised(Method):
    """Assign a specialist teacher to each item, by the student's own answers, in rounds.

    Round 1 trains on the specialists' mean. Each later round assigns a specialist to every item, leaves out
    items where even that one contradicts the student, and trains again from the pretrained weights.
    """

    card = MethodCard(
        title="Co-supervised learning by specialists",
        paper="arXiv 2402.15505",
        formula="t_1 = mean_k w_k; k(i) = argmin_k KL(w_ki ‖ s_{r−1}(x_i)); t_r = w_k(i); "
        "A = {i: s_{r−1}(argmax t_r) ≥ tolerance·max s_{r−1}}; s_r: CE(t_r, s) on A",
        checked="formula from the project's reference page; the paper itself was not read. Its hierarchy "
        "of ever finer specialists is one level here, and its consistency criterion may differ",
        generalises="specialists answer with any number of options",
        cost="rounds fits and the specialists",
    )
    inputs = frozenset({WEAK, TEACHERS, RELABEL})
    teachers_kind = "specialists"

    class Options(method.Options):
        """``rounds``: fits in all. ``tolerance``: 1 keeps only items whose label is the student's own
        answer, 0 keeps all."""

        rounds: int = Field(2, ge=1, le=5)
        tolerance: float = Field(0.5, ge=0, le=1)

    def assigned(self, teachers: Tensor, own: Tensor) -> Tensor:
        """Labels ``[N, O]`` of the most plausible of ``teachers [K, N, O]``: the one with the smallest
        KL(w_k ‖ s) to the student's answers ``own [N, O]``, the first of equals."""
        ratios = teachers.clamp(min=torch.finfo(teachers.dtype).tiny).log() - own.clamp(min=1e-12).log()
        chosen = (teachers * ratios).sum(-1).argmin(0)
        return teachers[chosen, torch.arange(len(chosen))]

    def consistent(self, labels: Tensor, own: Tensor) -> Tensor:
        """Mask ``[N]`` of items whose label the student finds nearly as likely as its own answer."""
        likelihood = own.gather(-1, labels.argmax(-1, keepdim=True)).squeeze(-1)
        return likelihood >= self.options.tolerance * own.max(-1).values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit for each round; on all items if none is consistent."""
        student.fit(inputs.teachers.mean(0))
        for _ in range(self.options.rounds - 1):
            own = student.predict()
            labels = self.assigned(inputs.teachers, own)
            items = self.consistent(labels, own)
            student.fit(labels, items=items if bool(items.any()) else None)


METHOD = CoSupervised
