"""Selective: train on the student's own answer where it is probably right, else on the weak label."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import PRIOR, STATES, WEAK, Inputs, LeaveOneOut, Method, MethodCard, Student, harden


class Selective(Method):
    """Predict from hidden states whether the pretrained student's own answer is right.

    Agreement with the weak label stands in for being right. The prediction is leave-one-out, so an item's
    own weak label does not influence it.
    """

    card = MethodCard(
        title="Selective weak-to-strong generalization",
        paper="arXiv 2511.14166",
        formula="o_i = argmax s_0(x_i); y_i = 1[o_i = argmax w_i]; p_i = leave-one-out ridge regression "
        "of y on (h_i, max s_0, 1); t_i = 1[o_i] where p_i > threshold, else w_i; L = CE(t, s)",
        checked="formula from the project's reference page; the paper itself was not read. There a "
        "classifier is trained on what the strong model is known to get right; here agreement with weak "
        "labels stands in for that, and weak labels are not refined further",
        generalises="options with states of their own (moves, pairs): the state of the student's own option",
        cost="1 fit, and one pass of the pretrained student",
    )
    inputs = frozenset({WEAK, PRIOR, STATES})

    class Options(method.Options):
        """``threshold``: on the estimate. ``ridge``: penalty, as a share of the features' variance."""

        threshold: float = Field(0.7, ge=0, le=1)
        ridge: float = Field(0.1, gt=0, le=100)

    def right(self, weak: Tensor, prior: Tensor, states: Tensor) -> Tensor:
        """Estimated probability ``[N]`` that the student's own answer is right."""
        own = prior.argmax(-1)
        if states.ndim == 3:
            states = states[torch.arange(len(own)), own]
        features = torch.cat([states, prior.max(-1, keepdim=True).values], -1).double()
        agrees = (own == weak.argmax(-1)).double()
        estimates = LeaveOneOut(features, self.options.ridge).predict(agrees[:, None])
        return estimates.squeeze(-1).clamp(0, 1)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit on own answers and weak labels, as chosen for each item."""
        trusted = self.right(inputs.weak, inputs.prior, inputs.states) > self.options.threshold
        student.fit(torch.where(trusted[:, None], harden(inputs.prior), inputs.weak))


METHOD = Selective
