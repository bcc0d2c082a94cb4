"""Co-teaching: two students, each learns from the items that the other finds easiest."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import RELABEL, WEAK, Inputs, Method, MethodCard, Student


class CoTeaching(Method):
    """Both students learn from all; then each hands the items of its smallest losses to the other, which
    starts again on them. The first one answers the test."""

    card = MethodCard(
        title="Co-teaching",
        paper="Han et al. 2018, arXiv 1804.06872",
        formula="ℓ_i = CE(w_i, s(x_i)) of the other student; A = the share 1 − forget·min(r/gradual, 1) of "
        "the "
        "smallest ℓ; s: CE(w, s) on A, in round r",
        checked="formula as given on the project's reference page; the paper's text was not read. It "
        "exchanges "
        "items within each mini-batch of two students that train side by side; ours exchange between fits",
        generalises="a loss is a cross-entropy less the label's own entropy, so that soft labels are no "
        "loss in "
        "themselves, however many options there are",
        cost="2·rounds + 1 fits",
    )
    inputs = frozenset({WEAK, RELABEL})

    class Options(method.Options):
        """``forget``: share of items that is left out in the end; ``rounds`` of exchange; ``gradual``: rounds
        over which that share grows."""

        forget: float = Field(0.019, ge=0, lt=1)
        rounds: int = Field(1, ge=1, le=5)
        gradual: int = Field(2, ge=1, le=5)

    def easiest(self, own: Tensor, weak: Tensor, round_: int) -> Tensor:
        """Rows of the smallest KL(w ‖ s) in a round (1, 2, …), at least one."""
        share = 1 - self.options.forget * min(round_ / self.options.gradual, 1)
        small = torch.finfo(weak.dtype).tiny
        losses = (weak * (weak.clamp(min=small).log() - own.clamp(min=1e-12).log())).sum(-1)
        count = max(1, round(share * len(losses)))
        return losses.topk(count, largest=False).indices.sort().values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Both on all, then rounds; the other one need not learn in the last."""
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
