"""Confidence-weighted labels: weight each item by the teacher's margin between its two best options."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import WEAK, Inputs, Method, MethodCard, Student, harden


class ConfidenceWeighted(Method):
    """Weight each item's loss by c = 2(σ(m) − ½), m the teacher's log-odds margin.

    The weight runs from 0, where the teacher is undecided, to 1, where it is certain.
    """

    card = MethodCard(
        title="Confidence-weighted labels",
        paper="Afzali et al. 2026, arXiv 2603.04968 (CW-PO)",
        formula="c = 2·(σ(m) − ½), m = log w_(1) − log w_(2), the log-odds of the two likeliest options; "
        "L = Σ c^p·CE(y, s) / Σ c^p over the transfer half, y the teacher's best option or w",
        checked="weight from the project's reference page; of the paper only the abstract was read. There "
        "it weights a preference loss of a language model, here the cross-entropy of a choice. That y is "
        "the best option is our reading of 'annotator'. The power p (1 as published) and the mean weight "
        "of 1 are ours",
        generalises="two options: c = |w_1 − w_0|. More: the same for the two best, c = (w_(1) − w_(2)) / "
        "(w_(1) + w_(2)). All items weigh the same if the teacher is undecided everywhere",
    )
    inputs = frozenset({WEAK})

    class Options(method.Options):
        """``labels``: the teacher's best option (hard) or its probabilities (soft). ``power``: exponent p."""

        labels: Literal["hard", "soft"] = "hard"
        power: float = Field(1.0, ge=0, le=4)

    def confidence(self, weak: Tensor) -> Tensor:
        """c of each item ``[N]``. (p − q)/(p + q) equals 2(σ(log p/q) − ½) and needs no logarithm of 0."""
        top = weak.topk(2, dim=-1).values
        return (top[:, 0] - top[:, 1]) / (top[:, 0] + top[:, 1])

    def weights(self, weak: Tensor) -> Tensor:
        """Weights c^p of the items ``[N]``, scaled to a mean of 1."""
        weights = self.confidence(weak) ** self.options.power
        mean = weights.mean()
        return weights / mean if mean > 0 else torch.ones_like(weights)

    def targets(self, weak: Tensor) -> Tensor:
        """The teacher's best option or its probabilities ``[N, O]``, as the option says."""
        return harden(weak) if self.options.labels == "hard" else weak

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit with the weights of the items."""
        student.fit(self.targets(inputs.weak), weights=self.weights(inputs.weak))


METHOD = ConfidenceWeighted
