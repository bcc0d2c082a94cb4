"""Reliability: trust weak labels on which teachers of several seeds agree, by weighting or filtering."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import TEACHERS, WEAK, Inputs, Method, MethodCard, Student, harden


class Reliability(Method):
    """Train on the teachers' mean label, weighted by the share of teachers that agree with the majority."""

    card = MethodCard(
        title="Reliability by agreement of teachers",
        paper="arXiv 2406.19032",
        formula="w̄ = mean_k w_k; r = max_o mean_k 1[argmax w_k = o]; L = Σ r^p·CE(w̄, s) / Σ r^p, or r ≥ keep",
        checked="the paper's agreement is over paraphrases of an input; ours is over seeds of the teacher",
        generalises="as published: agreement on one of any number of options",
        cost="1 fit and the other teachers",
    )
    inputs = frozenset({WEAK, TEACHERS})
    teachers_kind = "seeds"

    class Options(method.Options):
        """``by``: weights r^p, or a filter on r. ``power``: p of the weights. ``keep``: least r that passes
        the filter."""

        by: Literal["weight", "filter"] = "weight"
        power: float = Field(1.0, ge=0, le=8)
        keep: float = Field(0.99, ge=0, le=1)

    def agreement(self, teachers: Tensor) -> Tensor:
        """r ``[N]``: share of ``teachers [K, N, O]`` that prefer the most preferred option."""
        return harden(teachers).mean(0).max(-1).values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit, weighted or on the items that pass the filter; on all items if none passes."""
        agreed, targets = self.agreement(inputs.teachers), inputs.teachers.mean(0)
        if self.options.by == "weight":
            weights = agreed**self.options.power
            student.fit(targets, weights=weights / weights.mean())
            return
        items = torch.nonzero(agreed >= self.options.keep).flatten()
        student.fit(targets, items=items if len(items) else None)


METHOD = Reliability
