"""Reference row without a teacher: find labels of the transfer half that predict each other best."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import (
    PRIOR,
    STATES,
    WEAK,
    Inputs,
    LeaveOneOut,
    Method,
    MethodCard,
    Student,
    harden,
    normalised,
)


class Coherence(Method):
    """Relabel each item, repeatedly, by a linear probe fitted to the labels of all other items.

    The first labels are the pretrained student's zero-shot answers; weak labels are not used. The row
    shows how much of a method's gain needs no teacher at all.
    """

    card = MethodCard(
        title="No teacher: internal coherence",
        paper="arXiv 2506.10139 (internal coherence maximisation)",
        formula="y_0 = s_0; p_i = leave-one-out ridge regression of y on h_i; "
        "u_i ∝ max(p_i, 0)^own · s_0^(1 − own); "
        "y_{t+1} = 1[argmax u], classes balanced as in s_0; L = CE(y_T, s)",
        checked="aim (the label set with the highest mutual predictability) from the project's reference "
        "page; the paper itself was not read. It searches by simulated annealing on the model's in-context "
        "answers, one pass for each label tried. Ours is an approximation: mutual predictability under a "
        "linear probe of the hidden states, and a fixed number of steps",
        generalises="options with states of their own (moves, pairs): regression of an option's share times "
        "the number of options, and no balancing, because the position of an option means nothing",
        cost="1 fit, and one pass of the pretrained student",
    )
    kind = "reference"
    inputs = frozenset({WEAK, PRIOR, STATES})

    class Options(method.Options):
        """``steps``: of relabelling. ``ridge``: penalty, as a share of the features' variance. ``own``:
        weight of the probe's prediction against the item's zero-shot answer."""

        steps: int = Field(10, ge=1, le=100)
        ridge: float = Field(0.1, gt=0, le=100)
        own: float = Field(0.5, ge=0, le=1)

    def coherent(self, prior: Tensor, mask: Tensor, states: Tensor) -> Tensor:
        """Labels ``[N, O]`` after ``steps`` of relabelling, from zero-shot answers ``prior [N, O]``."""
        classes = states.ndim == 2
        regression = LeaveOneOut(states if classes else states[mask], self.options.ridge)
        count = mask.sum(-1, keepdim=True).to(prior)
        labels = prior
        for _ in range(self.options.steps):
            values = labels if classes else (labels * count)[mask][:, None]
            predicted = regression.predict(values.double()).to(prior)
            if not classes:
                predicted = torch.zeros_like(prior).masked_scatter(mask, predicted.squeeze(-1))
            scores = normalised(predicted.clamp(min=1e-6), mask) ** self.options.own
            scores = normalised(scores * prior.clamp(min=1e-6) ** (1 - self.options.own), mask)
            labels = harden(balanced(scores, prior.mean(0)) if classes else scores)
        return labels

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit on the coherent labels."""
        student.fit(self.coherent(inputs.prior, inputs.mask, inputs.states))


def balanced(scores: Tensor, shares: Tensor) -> Tensor:
    """Distributions ``[N, O]``, reweighted by option until their mean is ``shares [O]``.

    Without this, giving every item the same label would be perfectly coherent.
    """
    for _ in range(50):
        scores = scores * (shares / scores.mean(0).clamp(min=1e-9))
        scores = scores / scores.sum(-1, keepdim=True)
    return scores


METHOD = Coherence
