"""Co-supervised learning: of several specialists, the student picks the most plausible for each item."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import RELABEL, TEACHERS, WEAK, Inputs, Method, MethodCard, Student


class CoSupervised(Method):
    """Round 1 learns from the specialists' mean; each later one assigns a specialist to each item, leaves out
    items where even that one contradicts the student, and starts again."""

    card = MethodCard(
        title="Co-supervised learning by specialists",
        paper="arXiv 2402.15505",
        formula="t_1 = mean_k w_k; k(i) = argmin_k KL(w_ki ‖ s_{r−1}(x_i)); t_r = w_k(i); "
        "A = {i: s_{r−1}(argmax t_r) ≥ tolerance·max s_{r−1}}; s_r: CE(t_r, s) on A",
        checked="formula as given on the project's reference page; the paper's text was not read: its "
        "hierarchy "
        "of ever finer specialists is one level here, and its consistency criterion may differ",
        generalises="specialists answer with any number of options",
        cost="rounds fits and the specialists",
    )
    inputs = frozenset({WEAK, TEACHERS, RELABEL})
    teachers_kind = "specialists"

    class Options(method.Options):
        """``rounds`` in all; ``tolerance``: 1 keeps items whose label is the student's own, 0 keeps all."""

        rounds: int = Field(2, ge=1, le=5)
        tolerance: float = Field(0.5, ge=0, le=1)

    def assigned(self, teachers: Tensor, own: Tensor) -> Tensor:
        """Labels ``[N, O]`` of the specialist ``[K, N, O]`` that the student ``[N, O]`` finds most plausible:
        the smallest KL(w_k ‖ s), the first of equals."""
        logs = teachers.clamp(min=torch.finfo(teachers.dtype).tiny).log() - own.clamp(min=1e-12).log()
        chosen = (teachers * logs).sum(-1).argmin(0)
        return teachers[chosen, torch.arange(len(chosen))]

    def consistent(self, labels: Tensor, own: Tensor) -> Tensor:
        """Which items ``[N]`` the student can go along with."""
        at = own.gather(-1, labels.argmax(-1, keepdim=True)).squeeze(-1)
        return at >= self.options.tolerance * own.max(-1).values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit a round; all items where none is consistent."""
        student.fit(inputs.teachers.mean(0))
        for _ in range(self.options.rounds - 1):
            own = student.predict()
            labels = self.assigned(inputs.teachers, own)
            kept = self.consistent(labels, own)
            student.fit(labels, items=kept if bool(kept.any()) else None)


METHOD = CoSupervised
