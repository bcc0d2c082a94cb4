"""Auxiliary confidence loss: let a confident student disagree with its teacher."""

from typing import Literal

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy, harden, upper_second


class Confidence(Method):
    """(1 − a)·CE(w, s) + a·CE(harden(s), s), a rising linearly from 0 over the first part of training."""

    card = MethodCard(
        title="Auxiliary confidence loss",
        paper="Burns et al. 2023, arXiv 2312.09390, section 4.3 and appendix A.4",
        formula="L = CE((1 − a)·w + a·ŝ, s), ŝ = 1[s > t], a = a_max · min(1, step / (warmup · steps))",
        checked="the threshold splits each batch in halves (paper); the official code's raw step "
        "fraction during warm-up, which then jumps, is a defect and not reproduced",
        generalises="a threshold where every item of the task has the same two options (two classes, pairs); "
        "elsewhere ŝ is the most probable option, also in a batch of legal moves that is two wide",
    )
    version = 2  # 1 took any batch two options wide for two classes, and one item for the lower half

    class Options(method.Options):
        """``alpha`` is a_max; ``warmup`` the share of training over which a rises; ``threshold`` splits the
        batch in halves (paper) or by the weak labels' own rate (official code), for two options only."""

        alpha: float = Field(0.5, ge=0, le=1)
        warmup: float = Field(0.2, ge=0, le=1)
        threshold: Literal["half", "weak-rate"] = "half"

    def weight(self, context: Context) -> float:
        """The weight a at this step."""
        o = self.options
        return o.alpha * context.ramp(o.warmup)

    def hardened(self, logits: Tensor, weak: Tensor, options: int | None) -> Tensor:
        """The student's own answer ``[B, O]``. A task of two ``options``: a threshold on the second's
        log-odds, so that a fixed share of the batch lies above it; any other, and a single item, which no
        threshold can divide: the most probable one."""
        if options != 2 or len(logits) < 2:
            return harden(logits)
        above = len(logits) // 2
        if self.options.threshold == "weak-rate":
            above = round(float(weak[:, 1].sum()))
        return upper_second(logits, above)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Cross-entropy against the mixed target, which equals the weighted sum of the two losses."""
        a = self.weight(context)
        own = self.hardened(logits.detach(), weak, context.options)
        return cross_entropy(logits, (1 - a) * weak + a * own)


METHOD = Confidence
