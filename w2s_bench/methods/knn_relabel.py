"""kNN relabelling: a label is mixed with those of the items whose hidden states are nearest."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import STATES, WEAK, Inputs, Method, MethodCard, Student, normalised

BANK = 20_000  # states that are searched, at most: evenly spaced ones where there are more
CHUNK = 2048  # states that search at a time


class KnnRelabel(Method):
    """The neighbours of an item are always other items: its own label has no say in what they say."""

    card = MethodCard(
        title="kNN relabelling",
        paper="EleutherAI/w2s (public code)",
        formula="t_i = (1 − mix)·w_i + mix·n_i; n_i = mean of w_j over the k nearest j ≠ i, by cosine of "
        "standardised states",
        checked="the formula is from the reference page's words; the public code predicts on a probe's own "
        "training points, which is a defect and not reproduced: a test holds it",
        generalises="options with states of their own (moves, pairs): the k nearest options of other items; "
        "an option's value is how many times chance its weak label is, and values are normalised in the item",
        cost="1 fit, and one look at the pretrained student",
    )
    inputs = frozenset({WEAK, STATES})

    class Options(method.Options):
        """``k`` neighbours; ``mix``: their share of the new label."""

        k: int = Field(16, ge=1, le=1000)
        mix: float = Field(0.5, ge=0, le=1)

    def neighbours(self, states: Tensor, values: Tensor, owner: Tensor) -> Tensor:
        """Mean ``values [n, C]`` of the k states ``[n, H]`` that are nearest to each and of another owner;
        a state's own value where no other owner is searched."""
        unit = (states - states.mean(0)) / states.std(0, correction=0).clamp(min=1e-6)
        unit = torch.nn.functional.normalize(unit.float(), dim=-1)
        bank = torch.arange(len(unit))
        if len(unit) > BANK:
            bank = torch.linspace(0, len(unit) - 1, BANK).long()
        found = []
        for rows in torch.arange(len(unit)).split(CHUNK):
            near = unit[rows] @ unit[bank].T
            near = near.masked_fill(owner[rows, None] == owner[bank], -torch.inf)
            top = near.topk(min(self.options.k, len(bank)), dim=-1)
            counted = torch.isfinite(top.values).to(values)
            total = (values[bank][top.indices] * counted[..., None]).sum(1)
            count = counted.sum(-1, keepdim=True)
            found.append(torch.where(count > 0, total / count.clamp(min=1), values[rows]))
        return torch.cat(found)

    def relabelled(self, weak: Tensor, mask: Tensor, states: Tensor) -> Tensor:
        """New targets ``[N, O]`` from weak ones and states ``[N, H]`` or ``[N, O, H]``."""
        items = torch.arange(len(weak))
        if states.ndim == 2:
            near = self.neighbours(states, weak, items)
        else:
            times = weak * mask.sum(-1, keepdim=True)
            owner = items[:, None].expand_as(mask)[mask]
            near = torch.zeros_like(weak)
            near[mask] = self.neighbours(states[mask], times[mask][:, None], owner).squeeze(-1)
            near = normalised(near, mask)
        return (1 - self.options.mix) * weak + self.options.mix * near

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit on the new labels."""
        student.fit(self.relabelled(inputs.weak, inputs.mask, inputs.states))


METHOD = KnnRelabel
