"""Overlap selection: train on items that carry easy and hard cues together."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import STATES, WEAK, Inputs, Method, MethodCard, Student

LEAST = 0.1  # share of the items on either side of the change point


class OverlapSelection(Method):
    """Select the items whose reliable labels can teach the student the hard cues.

    An item that the teacher is unsure of is taken to have hard cues only. Of the others, those with hidden
    states similar to such items are taken to have both kinds: easy cues make their labels right, and the
    student can learn the hard cues from them.
    """

    card = MethodCard(
        title="Selection by overlap of easy and hard cues",
        paper="arXiv 2412.03881",
        formula="c_i = (max_o w_io − 1/O_i)/(1 − 1/O_i); hard = {c below its change point}; "
        "r_i = mean_{j ∈ hard} |cos(h_i, h_j)|; L = CE(w, s) over the share ``keep`` of the others with the "
        "largest r, and over the hard ones unless they are left out",
        checked="formula from the project's reference page; the paper itself was not read. Its score, its "
        "change-point detection and its treatment of hard items may differ. The change point is by least "
        "squares, tested against an exhaustive search. That hard items are included by default is ours: "
        "without them toy problems were not learnt",
        generalises="options with states of their own (moves, pairs): the state of the teacher's option",
        cost="1 fit on a part, and one pass of the pretrained student",
    )
    inputs = frozenset({WEAK, STATES})

    class Options(method.Options):
        """``keep``: share of the other items to train on. ``hard``: whether to train on hard items too."""

        keep: float = Field(0.5, gt=0, le=1)
        hard: bool = True

    def certainty(self, weak: Tensor, mask: Tensor) -> Tensor:
        """c ``[N]``: 0 for a uniform label, 1 for a certain one."""
        even = 1 / mask.sum(-1)
        return (weak.max(-1).values - even) / (1 - even).clamp(min=1e-6)

    def overlap(self, states: Tensor, hard: Tensor) -> Tensor:
        """r ``[N]`` of ``states [N, H]``, which are standardised first; ``hard [N]`` marks the hard items."""
        unit = (states - states.mean(0)) / states.std(0, correction=0).clamp(min=1e-6)
        unit = torch.nn.functional.normalize(unit, dim=-1)
        return torch.cat([(part @ unit[hard].T).abs().mean(-1) for part in unit.split(2048)])

    def chosen(self, weak: Tensor, mask: Tensor, states: Tensor) -> Tensor:
        """Mask ``[N]`` of the items to train on."""
        if states.ndim == 3:
            states = states[torch.arange(len(weak)), weak.argmax(-1)]
        certain = self.certainty(weak, mask)
        hard = certain < change_point(certain)
        if not bool(hard.any()):
            return torch.ones_like(hard)
        score = self.overlap(states, hard).masked_fill(hard, -1)
        overlapping = torch.zeros_like(hard)
        overlapping[score.topk(max(1, round(self.options.keep * int((~hard).sum())))).indices] = True
        return overlapping | hard if self.options.hard else overlapping

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit on the chosen items."""
        student.fit(inputs.weak, items=self.chosen(inputs.weak, inputs.mask, inputs.states))


def change_point(values: Tensor) -> float:
    """The least value of the upper group when ``values [N]`` are split in two by size.

    The split minimises the squared distance to the two groups' means; each group has at least a tenth of
    the values.
    """
    ranked = values.double().sort().values
    n = len(ranked)
    least = max(1, round(LEAST * n))
    cuts = torch.arange(least, n - least + 1)
    if n < 2 or not len(cuts):
        return float(ranked[0])
    below = ranked.cumsum(0)[cuts - 1]
    between = below.square() / cuts + (ranked.sum() - below).square() / (n - cuts)
    return float(ranked[cuts[between.argmax()]])


METHOD = OverlapSelection
