"""Linear probe: a linear layer on the frozen hidden states of the pretrained student."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import STATES, WEAK, Inputs, Method, MethodCard, Student, View, cross_entropy

STEPS = 100  # of L-BFGS: far more than a convex problem of this size needs


class LinearProbe(Method):
    """Fit a linear layer to the weak labels; the model itself is not trained.

    Classes have a row of weights each, on the item's state. Moves and pairs share one row, applied to each
    option's state, with a softmax over the options (a conditional logit).
    """

    card = MethodCard(
        title="Linear probe",
        paper="Burns et al. 2023, arXiv 2312.09390, section 5 (linear probing)",
        formula="min_W CE(w, softmax(W·h)) + l2·|W|²",
        checked="states are those that the head reads, standardised; the strength of l2 is ours",
        generalises="without classes, one row of weights over the options' states",
        cost="0 fits, and one pass of the pretrained student",
    )
    inputs = frozenset({WEAK, STATES})

    class Options(method.Options):
        """``l2``: penalty on the squared weights, relative to the mean loss of an item."""

        l2: float = Field(1e-3, ge=0, le=10)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Solve a convex problem, whose minimum does not depend on the order of the items."""
        rows = inputs.states if inputs.states.ndim == 2 else inputs.states[inputs.mask]
        mean, spread = rows.mean(0), rows.std(0).clamp(min=1e-6)
        outputs = inputs.weak.shape[1] if inputs.states.ndim == 2 else 1
        weights = torch.zeros(rows.shape[1], outputs, requires_grad=True)
        bias = torch.zeros(outputs, requires_grad=True)

        def logits(states: Tensor, mask: Tensor) -> Tensor:
            scores = ((states - mean) / spread) @ weights + bias
            scores = scores if states.ndim == 2 else scores.squeeze(-1)
            return scores.masked_fill(~mask, -1e9)

        optimizer = torch.optim.LBFGS([weights, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = cross_entropy(logits(inputs.states, inputs.mask), inputs.weak)
            loss = loss + self.options.l2 * weights.square().sum()
            loss.backward()
            return loss

        optimizer.step(closure)

        def answer(view: View) -> Tensor:
            return torch.softmax(logits(view.states, view.mask), -1)

        student.use_probe(answer)


METHOD = LinearProbe
