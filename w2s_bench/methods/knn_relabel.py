"""kNN relabelling: mix each label with those of the items with the nearest hidden states."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import STATES, WEAK, Inputs, Method, MethodCard, Student, normalised

BANK = 20_000  # most states to search; of more than that, evenly spaced ones are searched
CHUNK = 2048  # queries at a time, which bounds memory


class KnnRelabel(Method):
    """Smooth weak labels over neighbours in the pretrained student's hidden states.

    The neighbours of an item are always other items, so its own label never votes for itself.
    """

    card = MethodCard(
        title="kNN relabelling",
        paper="EleutherAI/w2s (public code)",
        formula="t_i = (1 − mix)·w_i + mix·n_i; n_i = mean of w_j over the k nearest j ≠ i, by cosine of "
        "standardised states",
        checked="formula from the project's reference page. The public code predicts on a probe's own "
        "training points; this defect is not reproduced, and a test makes sure of it",
        generalises="options with states of their own (moves, pairs): the k nearest options of other items; "
        "an option's value is its weak label as a multiple of chance, and values are normalised within the "
        "item",
        cost="1 fit, and one pass of the pretrained student",
    )
    inputs = frozenset({WEAK, STATES})

    class Options(method.Options):
        """``k``: number of neighbours. ``mix``: their share of the new label."""

        k: int = Field(16, ge=1, le=1000)
        mix: float = Field(0.5, ge=0, le=1)

    def neighbours(self, states: Tensor, values: Tensor, owner: Tensor) -> Tensor:
        """Mean of ``values [n, C]`` over the k nearest ``states [n, H]`` of another owner, for each state.

        ``owner [n]``: the item that a state belongs to. A state keeps its own value if no state of another
        owner is searched.
        """
        unit = (states - states.mean(0)) / states.std(0, correction=0).clamp(min=1e-6)
        unit = torch.nn.functional.normalize(unit.float(), dim=-1)
        bank = torch.arange(len(unit))
        if len(unit) > BANK:
            bank = torch.linspace(0, len(unit) - 1, BANK).long()
        means = []
        for rows in torch.arange(len(unit)).split(CHUNK):
            near = unit[rows] @ unit[bank].T
            near = near.masked_fill(owner[rows, None] == owner[bank], -torch.inf)
            top = near.topk(min(self.options.k, len(bank)), dim=-1)
            counted = torch.isfinite(top.values).to(values)
            total = (values[bank][top.indices] * counted[..., None]).sum(1)
            count = counted.sum(-1, keepdim=True)
            means.append(torch.where(count > 0, total / count.clamp(min=1), values[rows]))
        return torch.cat(means)

    def relabelled(self, weak: Tensor, mask: Tensor, states: Tensor) -> Tensor:
        """New targets ``[N, O]`` from weak labels ``[N, O]`` and states ``[N, H]`` or ``[N, O, H]``."""
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
        """One fit on the smoothed labels."""
        student.fit(self.relabelled(inputs.weak, inputs.mask, inputs.states))


METHOD = KnnRelabel
