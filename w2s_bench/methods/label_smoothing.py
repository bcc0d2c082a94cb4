"""Label smoothing: mix weak labels with the uniform distribution."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Method, MethodCard


class LabelSmoothing(Method):
    """Cross-entropy to labels that are never fully certain, which limits the cost of a wrong one."""

    card = MethodCard(
        title="Label smoothing",
        paper="Szegedy et al. 2015, arXiv 1512.00567; against label noise: Lukasik et al. 2020, arXiv "
        "2003.02819",
        formula="t = (1 − ε)·w + ε/o; L = CE(t, s)",
        checked="the usual formula and ε = 0.1, from memory; neither paper was read again. The papers "
        "smooth one-hot labels; here labels may already be soft",
        generalises="o: the number of the item's own options",
    )

    class Options(method.Options):
        """``smoothing``: ε, the share of the uniform distribution."""

        smoothing: float = Field(0.1, ge=0, le=0.9)

    def targets(self, weak: Tensor, mask: Tensor) -> Tensor:
        """Weak labels ``[N, O]``, smoothed over each item's own options."""
        e = self.options.smoothing
        return (1 - e) * weak + e * mask / mask.sum(-1, keepdim=True)


METHOD = LabelSmoothing
