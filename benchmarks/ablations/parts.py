"""Tasks and models of the ablations, each of which changes one factor of suite quick, on development data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from w2s_bench.model import Batch, Model, ModelFamily, Shape
from w2s_bench.models._text import Classifier
from w2s_bench.models.hf import load
from w2s_bench.models.zoo import FAMILY as ZOO
from w2s_bench.models.zoo import WEIGHTS
from w2s_bench.registry.load import load as registered
from w2s_bench.reserve import bucket, tactics_test
from w2s_bench.sources import GeneratedSource, Held, Row
from w2s_bench.task import Example, Item, Task
from w2s_bench.world.pools import DEVELOPMENT


def _development(name: str) -> Task:
    """A generated task on the development pool, on which no published number is measured."""
    task: Task = registered("task", f"nlp/{name}-generated")
    assert isinstance(task.source, GeneratedSource)
    return replace(task, source=replace(task.source, seed=DEVELOPMENT))


def _asked(task: Task) -> Task:
    """The task with its zero-shot question appended to every input."""

    def example(row: Row) -> Example:
        plain = task.example(row)
        assert task.ask is not None
        return replace(plain, prompt=f"{plain.prompt} {task.ask.question}")

    return replace(task, example=example)


POLARITY, AGREEMENT = _development("polarity"), _development("agreement")
POLARITY_ASKED, AGREEMENT_ASKED = _asked(POLARITY), _asked(AGREEMENT)

_TACTICS: Task = registered("task", "chess/tactics-generated")
assert isinstance(_TACTICS.source, Held)
TACTICS = replace(  # training games only, of which some stand in for the test
    _TACTICS,
    source=replace(_TACTICS.source, test=lambda row: bucket("tactics", row["game"]) >= 40),
    keep=lambda row: not tactics_test(row["game"]),
)


class MeanClassifier(Classifier):
    """The head reads the mean state of all real tokens, not the last one's."""

    def last_states(self, batch: Batch) -> Tensor:
        """Mean over real tokens ``[R, W]``."""
        ids, attention = batch.inputs["ids"], batch.inputs["attention"]
        states = self.lm.base_model(input_ids=ids, attention_mask=attention).last_hidden_state
        weights = attention[..., None].to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)

    def zero_shot(self, items: Sequence[Item]) -> Tensor:
        """Zeros: the ablation has no zero-shot row."""
        return torch.zeros(len(items), len(self.shape.classes))


class MeanZoo(ModelFamily):
    """Text members of the zoo under a head on the mean state."""

    domains = frozenset({"nlp"})
    usage = "benchmarks/ablations/parts.py:MEAN:text/WxL"

    def check(self, argument: str) -> None:
        """The member must be shipped."""
        ZOO.check(argument)

    def fingerprint(self, argument: str) -> str:
        """The fingerprint of the zoo's member."""
        return ZOO.fingerprint(argument)

    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """Weights and tokenizer of the member."""
        lm, tokenizer = load(str(WEIGHTS / argument))
        return MeanClassifier(lm, tokenizer, shape)


MEAN = MeanZoo()
