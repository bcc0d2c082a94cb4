"""Naive finetuning: cross-entropy to the weak labels, as if they were the truth."""

from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy, harden


class Naive(Method):
    """Cross-entropy to the weak labels: the baseline that every other method is compared with."""

    card = MethodCard(
        title="Naive finetuning",
        paper="Burns et al. 2023, arXiv 2312.09390, section 3",
        formula="L = CE(w, s)",
        checked="soft labels as in the official code; hard labels as an option",
    )

    class Options(method.Options):
        """``hard``: train on the teacher's most probable option instead of its probabilities."""

        hard: bool = False

    def targets(self, weak: Tensor) -> Tensor:
        """Weak labels ``[N, O]``, one-hot if ``hard``."""
        return harden(weak) if self.options.hard else weak

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """Soft-label cross-entropy, the mean over items."""
        return cross_entropy(logits, weak)


METHOD = Naive
