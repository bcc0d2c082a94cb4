"""Filter and relabel: learn from the surest weak labels, then from those and one's own labels of the rest."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import RELABEL, WEAK, Inputs, Method, MethodCard, Student, harden


class FilterRelabel(Method):
    """Stage 1 trains on the weak labels that pass a filter; its student labels what did not; stage 2 trains
    on both together, from the pretrained weights."""

    card = MethodCard(
        title="Filter and relabel",
        paper="arXiv 2503.04249",
        formula="A = the share ``keep`` with the largest c_i = max_o w_io; s_1: CE(w, s) on A; t_i = w_i on "
        "A, "
        "s_1(x_i) elsewhere; s_2: CE(t, s) on all",
        checked="formula as given on the project's reference page; the paper's text was not read. It "
        "filters by "
        "consistency of generated answers, which a classifier does not have: ours is the label's own "
        "certainty",
        generalises="certainty as max_o (w_io − 1/O_i)/(1 − 1/O_i): from 0 (even) to 1, however many options",
        cost="2 fits, the first on a part",
    )
    inputs = frozenset({WEAK, RELABEL})

    class Options(method.Options):
        """``keep``: share that passes the filter; ``hard``: whether the student's labels of the rest are its
        most probable options."""

        keep: float = Field(0.6, gt=0, le=1)
        hard: bool = False

    def passes(self, weak: Tensor, mask: Tensor) -> Tensor:
        """Rows of the most certain labels, at least one."""
        even = 1 / mask.sum(-1)
        certain = (weak.max(-1).values - even) / (1 - even).clamp(min=1e-6)
        return certain.topk(max(1, round(self.options.keep * len(weak)))).indices.sort().values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Two fits; one where nothing is left to relabel."""
        kept = self.passes(inputs.weak, inputs.mask)
        student.fit(inputs.weak, items=kept)
        if len(kept) == len(inputs.weak):
            return
        own = student.predict()
        labels = harden(own) if self.options.hard else own.clone()
        labels[kept] = inputs.weak[kept]
        student.fit(labels)


METHOD = FilterRelabel
