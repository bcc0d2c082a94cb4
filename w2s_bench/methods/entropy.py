"""Entropy: mix the student's soft answer into the target, or add its entropy to the loss."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy


class Entropy(Method):
    """The confidence loss without hardening, in two forms.

    As a detached target (public code) its gradient is (1 − a) times that of naive, so it only shortens the
    step. As a regulariser it sharpens the student.
    """

    card = MethodCard(
        title="Entropy loss (soft self-target)",
        paper="EleutherAI/w2s (public code), loss 'entropy'; entropy regularisation: Grandvalet & Bengio "
        "2004",
        formula="L = CE((1 − a)·w + a·sg(s), s), or (1 − a)·CE(w, s) + a·H(s); "
        "a = a_max · min(1, step / (warmup · steps))",
        checked="the detached self-target and a_max = 0.5 read in the public code; its warm-up is a "
        "hundred steps, ours a share of training. That a detached self-target only scales the gradient "
        "follows from s − t = (1 − a)(s − w) and is tested. 'regulariser' lets the gradient through; the "
        "paper of 2004 was not read",
        generalises="as published: the answer over the item's own options",
    )

    class Options(method.Options):
        """``form``: the student's answer as a target (public code) or its entropy as a regulariser.
        ``alpha``: a_max. ``warmup``: share of training over which a rises."""

        form: Literal["self-target", "regulariser"] = "self-target"
        alpha: float = Field(0.5, ge=0, le=0.95)
        warmup: float = Field(0.2, ge=0, le=1)

    def weight(self, context: Context) -> float:
        """The weight a at this step."""
        o = self.options
        return o.alpha * context.ramp(o.warmup)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy to the mixture of weak label and the student's own answer."""
        a = self.weight(context)
        own = torch.softmax(logits, -1) * mask
        if self.options.form == "self-target":
            own = own.detach()
        return cross_entropy(logits, (1 - a) * weak + a * own)


METHOD = Entropy
