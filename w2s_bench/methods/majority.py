"""Reference row: answer by the option text that weak labels prefer most often, ignoring the item."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor

from w2s_bench.method import TEXTS, WEAK, Inputs, Method, MethodCard, Student, View, normalised


class Majority(Method):
    """Shows what a method would score without reading the item.

    Classes: the most frequent class. Legal moves: the most often preferred of those that are legal. Pairs:
    each completion occurs once, so both sides of a new pair are equal and the first one wins.
    """

    card = MethodCard(
        title="Majority",
        paper="none: a control",
        formula="s_o ∝ Σ_i w_i(text of o)",
        generalises="counts are by the text of an option, so one rule serves classes, moves and pairs",
        cost="0 fits",
    )
    kind = "reference"
    inputs = frozenset({WEAK, TEXTS})

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Sum weak labels by option text, then answer from the sums."""
        counts: defaultdict[str, float] = defaultdict(float)
        for texts, row in zip(inputs.texts, inputs.weak.tolist(), strict=True):
            for text, share in zip(texts, row, strict=False):
                counts[text] += share

        def answer(view: View) -> Tensor:
            scores = torch.zeros(view.mask.shape)
            for row, texts in zip(scores, view.texts, strict=True):
                row[: len(texts)] = torch.tensor([counts.get(text, 0.0) for text in texts])
            return normalised(scores, view.mask)

        student.use_probe(answer)


METHOD = Majority
