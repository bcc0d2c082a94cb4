"""Peer loss: subtract the loss on labels of other items, so that ignoring the input does not pay."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy

LEAST = 1e-8  # added to probabilities in the peer term, whose logarithm would have no bound


class PeerLoss(Method):
    """Cross-entropy to the item's label minus a share of that to the labels of its peers.

    It is computed in expectation over peers, so nothing is drawn: a peer label is the batch's mean label.
    """

    card = MethodCard(
        title="Peer loss",
        paper="Liu & Guo 2019, arXiv 1910.03366; in expectation over peers: CORES², Cheng et al. 2020, "
        "arXiv 2010.02347",
        formula="L = mean_i CE(w_i, s_i) + α·r·mean_i Σ_o w̄_o log(s_io + 1e-8), w̄ the batch's mean label, "
        "r = min(1, step / (warmup · steps))",
        checked="formula from memory of both papers, which were not read again. The first draws one "
        "peer's answer and another's label for each item; ours is the mean over all draws within the "
        "batch. Without the constant in the logarithm the peer term is unbounded for every α > 0. "
        "α = 0.3 and the warm-up are our defaults",
        generalises="classes and pairs: w̄ by class or side. Not defined for legal moves: the k-th of one "
        "position has nothing to do with that of another, so no label of a peer says anything of an item",
    )
    version = 2
    domains = frozenset({"nlp", "reward"})

    class Options(method.Options):
        """``alpha``: weight of the peers. ``warmup``: share of training over which it rises from 0."""

        alpha: float = Field(0.3, ge=0, le=0.95)
        warmup: float = Field(0.2, ge=0, le=1)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy to weak labels minus α times that to peer labels, which is at most α · 18.5 nats."""
        o = self.options
        peer = weak.mean(0, keepdim=True)
        peers = -(peer * torch.log(torch.softmax(logits, -1) + LEAST)).sum(-1).mean()
        return cross_entropy(logits, weak) - o.alpha * context.ramp(o.warmup) * peers


METHOD = PeerLoss
