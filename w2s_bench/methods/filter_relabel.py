"""Filter and relabel: train on the most certain weak labels, then let the student relabel the rest."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import RELABEL, WEAK, Inputs, Method, MethodCard, Student, harden


class FilterRelabel(Method):
    """Replace the least certain weak labels by answers of a student trained on the others.

    Stage 1 trains on the weak labels that pass the filter and labels the remaining items. Stage 2 trains on
    both together, from the pretrained weights.
    """

    card = MethodCard(
        title="Filter and relabel",
        paper="arXiv 2503.04249",
        formula="A = the share ``keep`` with the largest c_i = max_o w_io; s_1: CE(w, s) on A; "
        "t_i = w_i on A, s_1(x_i) elsewhere; s_2: CE(t, s) on all",
        checked="formula from the project's reference page; the paper itself was not read. It filters by "
        "consistency of generated answers, which a classifier does not have; ours filters by the label's "
        "own certainty",
        generalises="certainty as max_o (w_io − 1/O_i)/(1 − 1/O_i): from 0 (even) to 1, however many options",
        cost="2 fits, the first on a part",
    )
    inputs = frozenset({WEAK, RELABEL})

    class Options(method.Options):
        """``keep``: share that passes the filter. ``hard``: whether the new labels are the student's most
        probable options instead of its probabilities."""

        keep: float = Field(0.6, gt=0, le=1)
        hard: bool = False

    def passes(self, weak: Tensor, mask: Tensor) -> Tensor:
        """Row numbers of the items with the most certain labels, at least one."""
        even = 1 / mask.sum(-1)
        certainty = (weak.max(-1).values - even) / (1 - even).clamp(min=1e-6)
        return certainty.topk(max(1, round(self.options.keep * len(weak)))).indices.sort().values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Two fits; one if nothing is left to relabel."""
        certain = self.passes(inputs.weak, inputs.mask)
        student.fit(inputs.weak, items=certain)
        if len(certain) == len(inputs.weak):
            return
        own = student.predict()
        labels = harden(own) if self.options.hard else own.clone()
        labels[certain] = inputs.weak[certain]
        student.fit(labels)


METHOD = FilterRelabel
