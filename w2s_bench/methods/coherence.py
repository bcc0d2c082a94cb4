"""Reference row: no teacher, but the labels of the transfer half that predict each other best."""

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
    """Labels start as the pretrained student's own and are replaced by what a linear probe, fitted to the
    labels of all other items, makes of each. Weak labels are not looked at."""

    card = MethodCard(
        title="No teacher: internal coherence",
        paper="arXiv 2506.10139 (internal coherence maximisation)",
        formula="y_0 = s_0; p_i = leave-one-out ridge regression of y on h_i; u_i ∝ max(p_i, 0)^own · "
        "s_0^(1 − own); "
        "y_{t+1} = 1[argmax u], classes balanced as s_0 has them; L = CE(y_T, s)",
        checked="formula as given on the project's reference page (the label set with the highest mutual "
        "predictability); the paper's text was not read. It searches by annealing with the model's "
        "in-context "
        "answers, a pass for each trial of a label; an affordable approximation here: mutual predictability "
        "under "
        "a linear probe of the hidden states, and a fixed number of steps",
        generalises="options with states of their own (moves, pairs): regression of an option's share times "
        "the "
        "number of options, and no balance, as places mean nothing",
        cost="1 fit, and one look at the pretrained student",
    )
    kind = "reference"
    inputs = frozenset({WEAK, PRIOR, STATES})

    class Options(method.Options):
        """``steps`` of relabelling; ``ridge``: decay, as a share of the features' variance; ``own``: how much
        the others say, against the item's own prior."""

        steps: int = Field(10, ge=1, le=100)
        ridge: float = Field(0.1, gt=0, le=100)
        own: float = Field(0.5, ge=0, le=1)

    def coherent(self, prior: Tensor, mask: Tensor, states: Tensor) -> Tensor:
        """Labels ``[N, O]`` after ``steps``; the first are the prior itself."""
        classes = states.ndim == 2
        regression = LeaveOneOut(states if classes else states[mask], self.options.ridge)
        count = mask.sum(-1, keepdim=True).to(prior)
        labels = prior
        for _ in range(self.options.steps):
            values = labels if classes else (labels * count)[mask][:, None]
            found = regression.predict(values.double()).to(prior)
            if not classes:
                found = torch.zeros_like(prior).masked_scatter(mask, found.squeeze(-1))
            said = normalised(found.clamp(min=1e-6), mask) ** self.options.own
            said = normalised(said * prior.clamp(min=1e-6) ** (1 - self.options.own), mask)
            labels = harden(balanced(said, prior.mean(0)) if classes else said)
        return labels

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit on labels that no teacher gave."""
        student.fit(self.coherent(inputs.prior, inputs.mask, inputs.states))


def balanced(said: Tensor, shares: Tensor) -> Tensor:
    """Distributions ``[N, O]`` with weights on the options such that on average they have these
    ``shares [O]``: one and the same label everywhere would predict itself perfectly."""
    for _ in range(50):
        said = said * (shares / said.mean(0).clamp(min=1e-9))
        said = said / said.sum(-1, keepdim=True)
    return said


METHOD = Coherence
