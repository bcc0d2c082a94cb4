"""The contract checks find what they are there to find, and say it in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from w2s_bench.contract import checks
from w2s_bench.task import load_task

METHOD = '''"""A method with one fault."""
import torch
from w2s_bench.method import Method, MethodCard, cross_entropy


class Mine(Method):
    card = MethodCard(title="Mine", paper="none", formula="CE")
    calls = 0

    def targets(self, weak):
        {targets}

    def loss(self, logits, weak, mask, context):
        Mine.calls += 1
        {loss}
'''
GOOD = "return cross_entropy(logits, weak)"


def method(folder: Path, loss: str = GOOD, targets: str = "return weak") -> str:
    (folder / "mine.py").write_text(METHOD.format(loss=loss, targets=targets))
    return f"{folder}/mine.py:Mine"


def test_a_sound_method_passes(tmp_path: Path) -> None:
    checks.check_method(method(tmp_path))


@pytest.mark.parametrize(
    "loss, told",
    [
        ("return torch.log_softmax(logits, -1).sum(-1)", "the loss is no scalar tensor"),
        ("return logits.sum().item()", "the loss is no scalar tensor"),
        ("return cross_entropy(logits, weak) * float('nan')", "the loss is nan"),
        ("return cross_entropy(logits.detach(), weak)", "no gradient reaches the logits"),
        ("return logits.mean()", "a gradient where there is no option"),
        ("return cross_entropy(logits, weak) * Mine.calls", "the loss differs between two calls"),
        ("return -(weak * torch.softmax(logits, -1).log()).nansum()", "not finite at large logits"),
        ("return cross_entropy(logits, weak) + (0 * logits).abs().sqrt().sum()", "a gradient is not finite"),
    ],
)
def test_a_faulty_loss_is_found(tmp_path: Path, loss: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        checks.check_method(method(tmp_path, loss=loss))


@pytest.mark.parametrize(
    "targets, told",
    [
        ("return weak[:, :1]", "targets of shape"),
        ("return weak * 2", "targets sum to one"),
        ("return torch.full_like(weak, 1 / weak.shape[1])", "a target where there is no option"),
        ("return weak.mul_(1.0).add_(0.0).fill_(1 / weak.shape[1])", "changes the weak labels in place"),
    ],
)
def test_faulty_targets_are_found(tmp_path: Path, targets: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        checks.check_method(method(tmp_path, targets=targets))


FAMILY = '''"""A family with one fault."""
import torch
from w2s_bench.errors import BadModel
from w2s_bench.model import Batch, Model, ModelFamily


class Net(Model):
    def __init__(self, outputs):
        super().__init__()
        self.linear = torch.nn.Linear(2, outputs)

    def encode(self, items):
        return [[len(i.prompt) / 50, i.prompt.count(" ") / 10] for i in items]

    def collate(self, encoded):
        mask = torch.ones(len(encoded), self.linear.out_features, dtype=torch.bool)
        return Batch({{"x": torch.tensor(encoded)}}, mask)

    def scores(self, batch):
        y = self.linear(batch.inputs["x"])
        {scores}


class Family(ModelFamily):
    domains = frozenset({{"nlp"}})
    usage = "mine"

    def check(self, argument):
        pass

    def build(self, argument, shape, seed):
        {build}
        if not shape.classes:
            raise BadModel("this model needs classes")
        return Net(len(shape.classes))


FAMILY = Family()
'''


def family(folder: Path, scores: str = "return y", build: str = "pass") -> str:
    (folder / "mine.py").write_text(FAMILY.format(scores=scores, build=build))
    return f"{folder}/mine.py:FAMILY"


def test_a_sound_family_passes(tmp_path: Path) -> None:
    checks.check_model_name(family(tmp_path), "nlp")


@pytest.mark.parametrize(
    "scores, build, told",
    [
        ("return y", "torch.seed()", "two builds with one seed differ in linear"),
        ("return y - y.mean(0)", "pass", "item 0 minds its batch"),
        ("return y + torch.arange(len(y))[:, None] * torch.tensor([0.0, 1.0])", "pass", "minds its batch"),
        ("return y.detach() * self.linear.weight.sum() * 0 + y.detach()", "pass", "training changes nothing"),
    ],
)
def test_a_faulty_model_is_found(tmp_path: Path, scores: str, build: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        checks.check_model_name(family(tmp_path, scores, build), "nlp")


TASK = '''"""A task with one fault."""
import random
from w2s_bench.sources import GeneratedSource
from w2s_bench.task import Example, Task, TaskCard

CARD = TaskCard(
    name="{name}", domain="nlp", version=1, title="t", source="s", licence="{licence}", citation="c",
    language="en", group="row", size="400", classes=("no", "yes"),
)


def rows(size, seed):
    return ({{"n": {n}}} for n in range(size))


def example(row):
    n = row["n"]
    return Example(prompt=f"text {{n}}", options=CARD.classes, gold={gold}, group=str(n))


TASK = Task(
    card=CARD, source=GeneratedSource(generate=rows, size=400), example=example,
    group=lambda row: {group},
)
'''


def task(folder: Path, **fault: str) -> str:
    name = f"{folder}/mine.py:TASK"
    values = {"name": name, "licence": "MIT", "n": "n", "gold": "n % 2", "group": 'str(row["n"])'}
    (folder / "mine.py").write_text(TASK.format(**values | fault))
    return name


def test_a_sound_task_passes(tmp_path: Path) -> None:
    checks.check_task(task(tmp_path))


@pytest.mark.parametrize(
    "fault, told",
    [
        ({"licence": ""}, "the card's licence is empty"),
        ({"n": "n + random.random()"}, "two readings of the rows differ"),
        ({"gold": "random.randrange(2)"}, "two builds of a row differ"),
        ({"gold": "1"}, "the answer always stands at the same place"),
        ({"group": '"all"'}, "is not the group of its example"),
    ],
)
def test_a_faulty_task_is_found(tmp_path: Path, fault: dict[str, str], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        checks.check_task(task(tmp_path, **fault))


def test_a_card_calls_a_registered_task_by_its_name(tmp_path: Path) -> None:
    card = load_task(task(tmp_path, name="nlp/other")).card
    checks.check_card("nlp/other", card)
    checks.check_card(f"{tmp_path}/mine.py:TASK", card)  # a file's task is called as its author likes
    with pytest.raises(AssertionError, match="its card calls it 'nlp/other'"):
        checks.check_card("nlp/mine", card)


@pytest.mark.parametrize("check", [checks.check_method, checks.check_task])
def test_a_name_that_nobody_registered(check: Callable[[str], None]) -> None:
    with pytest.raises(Exception, match="unknown"):
        check("no/such-thing")
