"""Log-odds balancing: subtract the mean from the labels' log-odds, so that no class is favoured."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Inputs, Method, MethodCard, Student, cross_entropy, harden, upper_second

LEAST = 1e-7  # lower bound on probabilities in a logarithm, as in the public code


def balanced(probabilities: Tensor, strength: float = 1.0) -> Tensor:
    """Distributions ``[N, O]`` of N items that share their O options: softmax_o(log p_o − mean_n log p_o).

    For two options this is σ(log-odds − mean log-odds). A single item is its own mean and stays as it is.
    """
    if len(probabilities) < 2:
        return probabilities
    logs = probabilities.clamp(min=LEAST).log()
    return torch.softmax(logs - strength * logs.mean(0), -1)


class LogoddsBalancing(Method):
    """The confidence loss with balanced weak labels, or with a balanced target."""

    card = MethodCard(
        title="Log-odds balancing",
        paper="EleutherAI/w2s (public code), balance_batch of the loss 'logconf' and its second version",
        formula="b(p) = σ(logit p − mean logit p); L = CE((1 − a)·b(w) + a·ŝ, s), ŝ the upper half of the "
        "batch; or L = CE(b((1 − a)·w + a·ŝ), s), ŝ = 1[s > ½]; a = a_max · min(1, step / (warmup · "
        "steps))",
        checked="both formulas and a_max = 0.5 read in the public code. Different here: weak labels are "
        "balanced over the whole transfer half, so that the batch does not matter, and the warm-up is a "
        "share of training instead of a hundred steps. The target is balanced within the batch, as there",
        generalises="classes: the mean logarithm of each class is subtracted, for two exactly the log-odds. "
        "Pairs: neither side is favoured. Legal moves: the k-th move of one position has nothing to do "
        "with that of another, so nothing is balanced; what remains is the confidence loss with ŝ the most "
        "probable move",
    )

    class Options(method.Options):
        """``of``: what is balanced, weak labels or the mixed target. ``strength``: how much of the mean is
        subtracted. ``alpha``: a_max (0: balanced labels alone). ``warmup``: as in confidence."""

        of: Literal["labels", "target"] = "labels"
        strength: float = Field(1.0, ge=0, le=1)
        alpha: float = Field(0.5, ge=0, le=1)
        warmup: float = Field(0.2, ge=0, le=1)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit, on balanced labels if all items share their options."""
        balance = self.options.of == "labels" and inputs.options is not None
        student.fit(balanced(inputs.weak, self.options.strength) if balance else inputs.weak)

    def weight(self, context: Context) -> float:
        """The weight a at this step."""
        o = self.options
        return o.alpha * context.ramp(o.warmup)

    def own(self, logits: Tensor, options: int | None) -> Tensor:
        """The student's hardened answers ``[B, O]``: with balanced labels and two options, the upper half of
        the batch takes the second; otherwise the most probable option."""
        if self.options.of == "target" or options != 2 or len(logits) < 2:
            return harden(logits)
        return upper_second(logits, len(logits) // 2)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy to the mixed target, balanced if the option says so."""
        a = self.weight(context)
        target = (1 - a) * weak + a * self.own(logits.detach(), context.options)
        if self.options.of == "target" and context.options is not None:
            target = balanced(target, self.options.strength)
        return cross_entropy(logits, target)


METHOD = LogoddsBalancing
