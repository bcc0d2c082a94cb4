"""Co-teaching: train two students, each on the items that the other finds easiest."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import RELABEL, WEAK, Inputs, Method, MethodCard, Student


class CoTeaching(Method):
    """Two students select training items for each other, because each overfits to other wrong labels.

    Both first learn from all items. Then each passes the items with its smallest losses to the other, which
    trains on them from the pretrained weights. The first student answers the test.
    """

    card = MethodCard(
        title="Co-teaching",
        paper="Han et al. 2018, arXiv 1804.06872",
        formula="ℓ_i = CE(w_i, s(x_i)) of the other student; A = the share 1 − forget·min(r/gradual, 1) "
        "with the smallest ℓ; round r: min CE(w, s) on A",
        checked="formula from the project's reference page; the paper itself was not read. Its two "
        "students train side by side and exchange items within each mini-batch; ours exchange between fits",
        generalises="the loss is the cross-entropy minus the label's own entropy, so that a soft label "
        "costs nothing by itself, however many options there are",
        cost="2·rounds + 1 fits",
    )
    inputs = frozenset({WEAK, RELABEL})

    class Options(method.Options):
        """``forget``: share of items left out in the end. ``rounds``: of exchange. ``gradual``: number of
        rounds over which that share grows."""

        forget: float = Field(0.2, ge=0, lt=1)
        rounds: int = Field(1, ge=1, le=5)
        gradual: int = Field(1, ge=1, le=5)

    def easiest(self, own: Tensor, weak: Tensor, round_: int) -> Tensor:
        """Row numbers of the items with the smallest KL(w ‖ s) in a round (1, 2, …), at least one."""
        share = 1 - self.options.forget * min(round_ / self.options.gradual, 1)
        small = torch.finfo(weak.dtype).tiny
        losses = (weak * (weak.clamp(min=small).log() - own.clamp(min=1e-12).log())).sum(-1)
        count = max(1, round(share * len(losses)))
        return losses.topk(count, largest=False).indices.sort().values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Train both on all items, then exchange; the second student need not train in the last round."""
        other = student.twin()
        student.fit(inputs.weak)
        other.fit(inputs.weak)
        for r in range(1, self.options.rounds + 1):
            mine = self.easiest(other.predict(), inputs.weak, r)
            theirs = self.easiest(student.predict(), inputs.weak, r)
            student.fit(inputs.weak, items=mine)
            if r < self.options.rounds:
                other.fit(inputs.weak, items=theirs)


METHOD = CoTeaching
