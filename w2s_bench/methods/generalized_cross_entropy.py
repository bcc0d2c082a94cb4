"""Generalized cross-entropy: between cross-entropy and mean absolute error, which tolerates wrong labels."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard


class GeneralizedCrossEntropy(Method):
    """Bounded loss for noisy labels: the gradient is that of cross-entropy times s^q.

    A label that the student finds unlikely therefore pulls less.
    """

    card = MethodCard(
        title="Generalized cross-entropy (GCE)",
        paper="Zhang & Sabuncu 2018, arXiv 1805.07836",
        formula="L = Σ_o w_o·(1 − s_o^q)/q; q → 0 is cross-entropy, q = 1 is half the absolute error of "
        "one-hot w",
        checked="formula and q = 0.7 from memory of the paper, which was not read again. Both limits are "
        "tested. The truncated variant is left out",
        generalises="soft labels: the expectation of the loss over the label; any number of options as "
        "published",
    )

    class Options(method.Options):
        """``q``: from 0.01, nearly cross-entropy, to 1, absolute error."""

        q: float = Field(0.7, ge=0.01, le=1)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Mean over items. 1 − s^q is computed from log s by expm1, which is exact for small q too."""
        q = self.options.q
        return (weak * -torch.expm1(q * torch.log_softmax(logits, -1)) / q).sum(-1).mean()


METHOD = GeneralizedCrossEntropy
