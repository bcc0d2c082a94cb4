"""Reliability: trust weak labels where teachers of several seeds agree, by weight or by filter."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import TEACHERS, WEAK, Inputs, Method, MethodCard, Student, harden


class Reliability(Method):
    """Labels are the teachers' mean; an item counts by how many teachers prefer what most of them do."""

    card = MethodCard(
        title="Reliability by agreement of teachers",
        paper="arXiv 2406.19032",
        formula="w̄ = mean_k w_k; r = max_o mean_k 1[argmax w_k = o]; L = Σ r^p·CE(w̄, s) / Σ r^p, or r ≥ keep",
        checked="the paper's agreement is over paraphrases of an input; ours is over seeds of the teacher",
        generalises="agreement counts options, however many there are",
        cost="1 fit and the further teachers",
    )
    inputs = frozenset({WEAK, TEACHERS})
    teachers_kind = "seeds"

    class Options(method.Options):
        """``by`` weights r^p with p = ``power``, or by a filter that keeps items whose r reaches ``keep``."""

        by: Literal["weight", "filter"] = "weight"
        power: float = Field(1.0, ge=0, le=8)
        keep: float = Field(0.99, ge=0, le=1)

    def agreement(self, teachers: Tensor) -> Tensor:
        """Share of the teachers ``[K, N, O]`` that prefer the option most of them prefer ``[N]``."""
        return harden(teachers).mean(0).max(-1).values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit, weighted or on the items that are kept; on all where none would be."""
        agreed, targets = self.agreement(inputs.teachers), inputs.teachers.mean(0)
        if self.options.by == "weight":
            weights = agreed**self.options.power
            student.fit(targets, weights=weights / weights.mean())
            return
        kept = torch.nonzero(agreed >= self.options.keep).flatten()
        student.fit(targets, items=kept if len(kept) else None)


METHOD = Reliability
