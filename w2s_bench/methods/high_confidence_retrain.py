"""High-confidence retraining: train again on the items that the first student is most confident of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import RELABEL, WEAK, Inputs, Method, MethodCard, Student, harden


class HighConfidenceRetrain(Method):
    """Stage 1 learns from weak labels; stage 2 trains, from the pretrained weights, on a confident subset."""

    card = MethodCard(
        title="High-confidence retraining",
        paper="arXiv 2509.24005",
        formula="s_1: CE(w, s); A = the share ``keep`` of items with the largest max_o s_1; "
        "s_2: CE(t, s) on A, t = s_1, its hard form, or w",
        checked="formula from the project's reference page; the paper itself was not read. Whose labels its "
        "second stage trains on was not checked, so this is an option",
        generalises="confidence is the largest probability, which favours items with few legal moves",
        cost="2 fits, the second on a part",
    )
    inputs = frozenset({WEAK, RELABEL})

    class Options(method.Options):
        """``keep``: share of the items in the second stage. ``labels``: whose labels it trains on."""

        keep: float = Field(0.7, gt=0, le=1)
        labels: Literal["own", "own-hard", "weak"] = "own"

    def confident(self, own: Tensor) -> Tensor:
        """Row numbers of the items with the most confident answers, at least one."""
        count = max(1, round(self.options.keep * len(own)))
        return own.max(-1).values.topk(count).indices.sort().values

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Two fits, the second on the confident items."""
        student.fit(inputs.weak)
        own = student.predict()
        labels = {"own": own, "own-hard": harden(own), "weak": inputs.weak}[self.options.labels]
        student.fit(labels, items=self.confident(own))


METHOD = HighConfidenceRetrain
