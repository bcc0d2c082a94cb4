"""Peer loss: take off what an answer would gain on labels of other items, which only guessing gains."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy


class PeerLoss(Method):
    """In expectation over peers, so that nothing is drawn: a peer label is the batch's mean label."""

    card = MethodCard(
        title="Peer loss",
        paper="Liu & Guo 2019, arXiv 1910.03366; in expectation over peers: CORES², Cheng et al. 2020, "
        "arXiv 2010.02347",
        formula="L = mean_i CE(w_i, s_i) − α·r·mean_i CE(w̄, s_i), w̄ the batch's mean label, "
        "r = min(1, step / (warmup · steps))",
        checked="formula from memory of both papers; their texts were not read. The first draws one "
        "peer's answer and another's label for each item; ours is the mean over all draws within the "
        "batch. α = 0.3 and the warm-up are our own defaults. It has no lower bound: from α = 1 on "
        "nothing holds the student back",
        generalises="classes and pairs: w̄ by class or side. Legal moves: the k-th move of one position has "
        "nothing to do with that of another, so w̄ is uniform over the item's own moves",
    )

    class Options(method.Options):
        """``alpha``: weight of the peers; ``warmup``: the share of training over which it rises from 0."""

        alpha: float = Field(0.3, ge=0, le=0.95)
        warmup: float = Field(0.2, ge=0, le=1)

    def peer(self, weak: Tensor, mask: Tensor, options: int | None) -> Tensor:
        """The label ``[B, O]`` that an item gets from a peer, on average."""
        if options is None:
            return mask / mask.sum(-1, keepdim=True)
        return weak.mean(0, keepdim=True).expand_as(weak)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """The difference of two cross-entropies."""
        o = self.options
        alpha = o.alpha * context.ramp(o.warmup)
        peers = cross_entropy(logits, self.peer(weak, mask, context.options))
        return cross_entropy(logits, weak) - alpha * peers


METHOD = PeerLoss
