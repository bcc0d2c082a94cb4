"""lengths — a linear model that sees nothing but how long a text is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from w2s_bench.errors import BadModel
from w2s_bench.model import Batch, Model, ModelFamily, Shape
from w2s_bench.task import Item


class Lengths(Model):
    """Logits from two numbers: the length of the prompt in characters and in words."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2, outputs)

    def encode(self, items: Sequence[Item]) -> list[tuple[float, float]]:
        """Lengths of the prompts."""
        return [(len(i.prompt) / 100, len(i.prompt.split()) / 20) for i in items]

    def collate(self, encoded: Sequence[tuple[float, float]]) -> Batch:
        """Lengths ``[B, 2]``; all classes are options."""
        mask = torch.ones(len(encoded), self.linear.out_features, dtype=torch.bool)
        return Batch({"lengths": torch.tensor(encoded)}, mask)

    def scores(self, batch: Batch) -> Tensor:
        """Logits ``[B, O]``."""
        return self.linear(batch.inputs["lengths"])


class LengthsFamily(ModelFamily):
    """One size, nlp only."""

    domains = frozenset({"nlp"})
    usage = "toys/lengths"

    def check(self, argument: str) -> None:
        """It takes no argument."""
        if argument:
            raise BadModel(f"unexpected {argument!r}", where="model family toys/lengths", expected=self.usage)

    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """Random weights; only the prompt is read, so options must be the same for all items."""
        if not shape.classes:
            raise BadModel("model toys/lengths needs classes", expected="a task whose card lists classes")
        return Lengths(len(shape.classes))


FAMILY = LengthsFamily()
