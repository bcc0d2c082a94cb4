"""Log-odds balancing: take the mean out of the labels' log-odds, so that no class is favoured."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Inputs, Method, MethodCard, Student, cross_entropy, harden, upper_second

LEAST = 1e-7  # probability in a logarithm, as in the public code


def balanced(probabilities: Tensor, strength: float = 1.0) -> Tensor:
    """Distributions ``[N, O]`` of N items that share their O options: softmax_o(log p_o − mean_n log p_o). Of
    two options that is σ(log-odds − mean log-odds). A single item has no mean to be told from and stays."""
    if len(probabilities) < 2:
        return probabilities
    logs = probabilities.clamp(min=LEAST).log()
    return torch.softmax(logs - strength * logs.mean(0), -1)


class LogoddsBalancing(Method):
    """The confidence loss on balanced labels, or with its target balanced."""

    card = MethodCard(
        title="Log-odds balancing",
        paper="EleutherAI/w2s (public code), balance_batch of the loss 'logconf' and its second version",
        formula="b(p) = σ(logit p − mean logit p); L = CE((1 − a)·b(w) + a·ŝ, s), ŝ the upper half of the "
        "batch; or L = CE(b((1 − a)·w + a·ŝ), s), ŝ = 1[s > ½]; a = a_max · min(1, step / (warmup · "
        "steps))",
        checked="both formulas and a_max = 0.5 read in the public code. Different here: weak labels are "
        "balanced over the whole transfer half, not within a batch, so that the batch does not matter; "
        "the warm-up is a share of training, not a hundred steps; the target is balanced within the batch "
        "as there",
        generalises="classes: mean logarithms are taken out class by class, for two exactly the log-odds. "
        "Pairs: no side is favoured. Legal moves: the k-th move of one position has nothing to do with "
        "that of another, so nothing is balanced and what is left is the confidence loss with ŝ the "
        "likeliest move",
    )

    class Options(method.Options):
        """``of``: balance weak labels, or the mixed target; ``strength``: how much of the mean is taken out;
        ``alpha`` is a_max (0: no self-training, for balanced labels alone), ``warmup`` as in confidence."""

        of: Literal["labels", "target"] = "labels"
        strength: float = Field(1.0, ge=0, le=1)
        alpha: float = Field(0.5, ge=0, le=1)
        warmup: float = Field(0.2, ge=0, le=1)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit, on balanced labels where options are shared by all items."""
        balance = self.options.of == "labels" and inputs.options is not None
        student.fit(balanced(inputs.weak, self.options.strength) if balance else inputs.weak)

    def weight(self, context: Context) -> float:
        """The weight a at this step."""
        o = self.options
        return o.alpha * context.ramp(o.warmup)

    def own(self, logits: Tensor, options: int | None) -> Tensor:
        """The student's answer ``[B, O]``: where labels are balanced and there are two options, the upper
        half of the batch takes the second; elsewhere the likeliest."""
        if self.options.of == "target" or options != 2 or len(logits) < 2:
            return harden(logits)
        return upper_second(logits, len(logits) // 2)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy against the mixed target."""
        a = self.weight(context)
        target = (1 - a) * weak + a * self.own(logits.detach(), context.options)
        if self.options.of == "target" and context.options is not None:
            target = balanced(target, self.options.strength)
        return cross_entropy(logits, target)


METHOD = LogoddsBalancing
