"""Contract checks as plain functions: each takes a registered name and raises AssertionError in words.

Plug-in authors call them from their own tests, or run ``pytest --pyargs w2s_bench.contract``, which
applies them to everything that is registered, theirs included.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from w2s_bench.contract import toys
from w2s_bench.data.cached_source import Once
from w2s_bench.data.splits import make_split
from w2s_bench.errors import BadModel
from w2s_bench.method import (
    PRIOR,
    STATES,
    TEACHERS,
    Context,
    Method,
    cross_entropy,
    load_method,
    method_fingerprint,
    normalised,
    targets_of,
)
from w2s_bench.model import MASKED, Model, Shape, build_model, check_model, model_fingerprint
from w2s_bench.records import Domain
from w2s_bench.suite import Data
from w2s_bench.task import Example, Item, Task, TaskCard, load_task

ROWS = 300  # rows of a task that are built and looked at
DATA = Data(teacher=40, transfer=40, validation=10, test=30)
MAY_BE_EMPTY = {"classes", "supersedes", "notes", "companions", "test_only", "findings"}


def check_task(name: str) -> None:
    """A task that needs no network: card, examples, groups, determinism, a split."""
    task = load_task(name)
    check_card(name, task.card)
    check_ask(name, task)
    split = "train" if task.source.has("train") else "test"
    rows = task.rows(split, None)
    assert rows == task.rows(split, None), f"{name}: two readings of the rows differ"
    task = replace(task, source=Once(task.source))
    examples = [task.build(row) for row in rows[:ROWS]]
    assert examples == [task.build(row) for row in rows[:ROWS]], f"{name}: two builds of a row differ"
    for row, example in zip(rows, examples, strict=False):
        assert task.group(row) == example.group, f"{name}: group(row) is not the group of its example: {row}"
    check_examples(name, task, examples)
    if not task.card.test_only:
        check_split(name, task)


def check_card(name: str, card: TaskCard) -> None:
    """Every field that a reader of a number needs is filled in."""
    own = ".py:" in name or name.endswith(".toml")  # named by its file
    assert own or card.name == name, f"{name}: its card calls it {card.name!r}"
    assert card.domain in get_args(Domain), f"{name}: unknown domain {card.domain!r}"
    assert card.version >= 1, f"{name}: version {card.version}"
    for f in fields(card):
        assert f.name in MAY_BE_EMPTY or getattr(card, f.name), f"{name}: the card's {f.name} is empty"
    assert card.domain == "nlp" or not card.classes, f"{name}: only nlp tasks have classes"
    assert name not in card.companions, f"{name}: a task is its own companion"


def check_ask(name: str, task: Task) -> None:
    """An answer a class, or two for options that are asked about one by one."""
    if task.ask is None or (task.card.domain == "nlp" and not task.card.classes and not task.ask.answers):
        return
    wanted = len(task.card.classes) or 2
    told = f"{name}: ask has {len(task.ask.answers)} answers, not {wanted}"
    assert len(task.ask.answers) == wanted, told


def check_examples(name: str, task: Task, examples: list[Example]) -> None:
    """Ids tell contents apart, options are distinct, gold is one of them and not always the same."""
    contents = {(e.prompt, tuple(sorted(e.options)), e.position) for e in examples}
    ids = {e.item.id for e in examples}
    assert len(ids) == len(contents), f"{name}: {len(contents)} contents share {len(ids)} ids"
    for example in examples:
        assert len(set(example.options)) == len(example.options) >= 2, f"{name}: options {example.options}"
        assert 0 <= example.gold < len(example.options), f"{name}: gold {example.gold} of {example.options}"
        assert not hasattr(example.item, "gold"), f"{name}: an item that knows its answer"
        assert (example.position is not None) == (task.card.domain == "chess"), f"{name}: position"
    assert len({e.gold for e in examples}) > 1, f"{name}: the answer always stands at the same place"


def check_split(name: str, task: Task) -> None:
    """A small split can be drawn, is the same twice, and shares no item or group between its parts."""
    split, again = (make_split(task, DATA, seed=0, mirror=None) for _ in range(2))
    assert list(split) == list(again)
    for part, drawn in split.items():
        assert drawn.items == again[part].items, f"{name}: two draws of part {part} differ"
        assert np.array_equal(drawn.gold, again[part].gold), f"{name}: gold of part {part} differs"
    ids = [item.id for drawn in split.values() for item in drawn.items]
    assert len(set(ids)) == len(ids), f"{name}: an item stands in two parts"
    other = make_split(task, DATA, seed=1, mirror=None)
    assert other["test"].items == split["test"].items, f"{name}: the test set follows the seed"
    assert other["teacher"].items != split["teacher"].items, f"{name}: the halves do not follow the seed"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Logits, weak labels and mask ``[B, O]`` of one kind of choice; ``options`` as in a context."""

    name: str
    options: int | None
    logits: Tensor
    weak: Tensor
    mask: Tensor


def labelled(batch: int = 6, seed: int = 0) -> list[Labelled]:
    """Two options, three classes, ragged choices from two to nine options, and moves that are two."""
    generator = torch.Generator().manual_seed(seed)
    ragged = torch.arange(9) < torch.tensor([2, 9, 4, 3, 7, 5])[:batch, None]
    masks = {
        "two options": torch.ones(batch, 2, dtype=torch.bool),
        "three classes": torch.ones(batch, 3, dtype=torch.bool),
        "ragged options": ragged[:, : int(ragged.sum(1).max())],
        "two legal moves": torch.ones(batch, 2, dtype=torch.bool),
    }
    options = {"two options": 2, "three classes": 3}
    return [_labelled(name, options.get(name), mask, generator) for name, mask in masks.items()]


def _labelled(name: str, options: int | None, mask: Tensor, generator: torch.Generator) -> Labelled:
    logits, weak = (torch.randn(mask.shape, generator=generator) for _ in range(2))
    weak = torch.softmax(weak.masked_fill(~mask, MASKED), -1) * mask
    return Labelled(name, options, logits.masked_fill(~mask, MASKED), weak, mask)


def contexts(method: Method, choice: Labelled) -> Iterator[Context]:
    """The beginning, the middle and the end of a training of two epochs, with what the method declares."""
    given = {name: made for name, made in _given(choice).items() if name in method.inputs}
    for step in (0, 3, 9):
        yield Context(
            step=step,
            steps=10,
            epoch=step // 5,
            epochs=2,
            options=choice.options,
            items=torch.arange(len(choice.mask)),
            given=given,
        )


def _given(choice: Labelled) -> dict[str, Tensor]:
    """A prior, three teachers and states of three numbers for the items of a choice."""
    generator = torch.Generator().manual_seed(1)
    drawn = torch.rand((3, *choice.mask.shape), generator=generator)
    states = (len(choice.mask), 3) if choice.options else (*choice.mask.shape, 3)
    return {
        PRIOR: normalised(drawn[0], choice.mask),
        TEACHERS: normalised(drawn, choice.mask),
        STATES: torch.randn(states, generator=generator),
    }


def check_method(name: str) -> None:
    """Card, options, targets and loss, over all kinds of choices and all along the training; what it learns
    is for :mod:`w2s_bench.contract.learning`."""
    method = load_method(name)
    for part in ("title", "paper", "formula"):
        assert getattr(method.card, part), f"{name}: the card's {part} is empty"
    check_options(name, method)
    if method.fits_as is not None:
        method = load_method(method.fits_as)
        assert method.fits_as is None, f"{name}: fits as {method.fits_as}, which fits as another again"
    for choice in [*labelled(), *labelled(batch=1)]:
        if choice.options is None and "chess" not in method.domains:
            continue  # legal moves
        check_targets(name, method, choice)
        for context in contexts(method, choice):
            check_loss(f"{name}, {choice.name}, step {context.step}", method, choice, context)


def check_options(name: str, method: Method) -> None:
    """Options survive JSON and give the same method again; an unknown one is refused."""
    values = method.options.model_dump(mode="json")
    again = load_method(name, values)
    assert again.options == method.options, f"{name}: options do not survive JSON: {values}"
    assert method_fingerprint(name, again) == method_fingerprint(name, method)
    raised = _error(lambda: load_method(name, {"no_such_option": 1}))
    assert raised is not None and "no_such_option" in raised, f"{name}: takes an unknown option"


def _error(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except Exception as error:
        return str(error)
    return None


def check_targets(name: str, method: Method, choice: Labelled) -> None:
    """Targets keep the shape, sum to one, and give nothing to what is no option."""
    before = choice.weak.clone()
    targets = targets_of(method, choice.weak, choice.mask)
    assert targets.shape == choice.weak.shape, f"{name}: targets of shape {tuple(targets.shape)}"
    assert torch.equal(choice.weak, before), f"{name}: targets() changes the weak labels in place"
    assert torch.allclose(targets.sum(-1), torch.ones(len(targets)), atol=1e-5), f"{name}: targets sum to one"
    assert (targets[~choice.mask] == 0).all(), f"{name}: a target where there is no option"


def check_loss(where: str, method: Method, choice: Labelled, context: Context) -> None:
    """A finite scalar whose gradient reaches the logits, and only those of options."""
    weak = targets_of(method, choice.weak, choice.mask)
    logits = choice.logits.clone().requires_grad_()
    loss = copy.deepcopy(method).loss(logits, weak, choice.mask, context)  # it may keep what it sees
    assert isinstance(loss, Tensor) and loss.ndim == 0, f"{where}: the loss is no scalar tensor"
    assert torch.isfinite(loss), f"{where}: the loss is {loss.item()}"
    again = copy.deepcopy(method).loss(choice.logits, weak, choice.mask, context)
    assert torch.equal(again, loss.detach()), f"{where}: the loss differs between two calls"
    gradient = torch.autograd.grad(loss, logits)[0] if loss.requires_grad else torch.zeros(())
    assert torch.isfinite(gradient).all(), f"{where}: a gradient is not finite"
    assert gradient.abs().sum() > 0, f"{where}: no gradient reaches the logits"
    assert (gradient[~choice.mask] == 0).all(), f"{where}: a gradient where there is no option"
    far = (30 * choice.logits).masked_fill(~choice.mask, MASKED)
    assert torch.isfinite(copy.deepcopy(method).loss(far, weak, choice.mask, context)), (
        f"{where}: not finite at large logits"
    )


def check_model_name(name: str, domain: Domain) -> None:
    """A model in a domain: encoding, masks, seeds, gradients, independence of the batch.

    nlp: on classes, and on items with options of their own unless the family refuses those by BadModel.
    """
    check_model(name, domain)
    assert model_fingerprint(name) == model_fingerprint(name)
    check_shape(f"{name}, {domain}", name, toys.shape(domain), list(toys.items(domain)))
    if domain == "nlp" and _takes(name, toys.CHOICE):
        check_shape(f"{name}, choice", name, toys.CHOICE, list(toys.choices()))


def _takes(name: str, shape: Shape) -> bool:
    try:
        build_model(name, shape, seed=3)
    except BadModel:
        return False
    return True


def check_shape(where: str, name: str, shape: Shape, items: list[Item]) -> None:
    """A model on items of one shape of task."""
    model = build_model(name, shape, seed=3)
    twin = build_model(name, shape, seed=3).state_dict()
    for key, value in model.state_dict().items():
        assert torch.equal(value, twin[key]), f"{where}: two builds with one seed differ in {key}"
    assert model.parameters_count > 0, f"{where}: no parameters"
    encoded = model.encode(items)
    assert len(encoded) == len(items), f"{where}: {len(encoded)} encodings of {len(items)} items"
    assert all(model.length(e) > 0 for e in encoded), f"{where}: an item of no length"
    check_learns(where, model, encoded, items)
    check_logits(where, toys.stir(model), encoded, [len(i.options) for i in items])


def check_learns(where: str, model: Model, encoded: list[Any], items: list[Any]) -> None:
    """Two steps of Adam change the logits: whatever is trained is connected."""
    batch = model.collate(encoded)
    before = model.eval()(batch).detach()
    target = torch.zeros(batch.mask.shape)
    target[torch.arange(len(items)), batch.mask.sum(1) - 1] = 1
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(2):
        loss = cross_entropy(model.train()(batch), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert not torch.allclose(model.eval()(batch), before), f"{where}: training changes nothing"


@torch.no_grad()
def check_logits(where: str, model: Model, encoded: list[Any], options: list[int]) -> None:
    """One logit an option, whatever the batch mates."""
    batch = model.collate(encoded)
    logits = model(batch)
    assert batch.mask.sum(1).tolist() == options, f"{where}: the mask does not count the options"
    assert logits.shape == batch.mask.shape == (len(encoded), max(options)), f"{where}: shapes"
    assert logits.dtype == torch.float32 and torch.isfinite(logits).all(), f"{where}: logits are not finite"
    assert (logits[~batch.mask] == MASKED).all(), f"{where}: a logit where there is no option"
    assert logits[batch.mask].std() > 0, f"{where}: all logits are equal"
    for k, one in enumerate(encoded):
        alone = model(model.collate([one]))[0, : options[k]]
        assert torch.allclose(alone, logits[k, : options[k]], atol=1e-4), f"{where}: item {k} minds its batch"
    turned = model(model.collate(encoded[::-1])).flip(0)
    for k, count in enumerate(options):
        same = torch.allclose(turned[k, :count], logits[k, :count], atol=1e-4)
        assert same, f"{where}: item {k} minds the order of its batch"
