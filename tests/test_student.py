"""The student's handle: what a method may ask of it, what it refuses, and what a hook may change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from w2s_bench.contract import requests
from w2s_bench.errors import FitFailed
from w2s_bench.method import (
    GOLD_BUDGET,
    PRIOR,
    RELABEL,
    STATES,
    TAGS,
    TEACHERS,
    TEXTS,
    VALIDATION,
    WEAK,
    Change,
    Context,
    Inputs,
    Method,
    View,
    cross_entropy,
    harden,
)
from w2s_bench.records import Domain
from w2s_bench.train.fit_request import FitRequest, FitResult
from w2s_bench.train.student_handle import StudentHandle

torch.set_num_threads(1)


def handle(method: Method | None = None, domain: Domain = "nlp", **changes: Any) -> StudentHandle:
    request = replace(requests.request(domain, "naive"), **changes)
    return StudentHandle(request, method or asking())


def asking(*names: str, loss: Any = None) -> Method:
    """A method that declares these inputs."""
    body: dict[str, Any] = {"inputs": frozenset({WEAK, *names})}
    if loss is not None:
        body["loss"] = lambda self, *given: loss(*given)
    return type("Mine", (Method,), body)()


EVERYTHING = (TEACHERS, STATES, PRIOR, RELABEL, VALIDATION, TAGS, TEXTS, GOLD_BUDGET)


@pytest.mark.parametrize("domain", ["nlp", "chess", "reward"])
def test_inputs_are_those_declared_and_of_one_length(domain: Domain) -> None:
    inputs = handle(asking(*EVERYTHING), domain).inputs
    n, width = inputs.weak.shape
    assert inputs.mask.shape == (n, width) and inputs.teachers.shape == (3, n, width)
    assert inputs.prior.shape == (n, width) and len(inputs.states) == n
    assert inputs.states.ndim == (2 if domain == "nlp" else 3)
    assert inputs.validation.labels.shape == inputs.validation.mask.shape
    assert set(inputs.tags) >= {"length"} and all(len(v) == n for v in inputs.tags.values())
    assert [len(t) for t in inputs.texts] == inputs.mask.sum(1).tolist()
    assert inputs.budget.items.tolist() == list(range(n, n + len(inputs.budget.labels)))
    assert inputs.options == (None if domain == "chess" else 2)
    assert torch.equal(inputs.weak * ~inputs.mask, torch.zeros_like(inputs.weak))


@pytest.mark.parametrize("name", ["teachers", "states", "prior", "validation", "tags", "texts", "budget"])
def test_what_is_not_declared_is_refused_by_name(name: str) -> None:
    with pytest.raises(FitFailed, match="without declaring it"):
        getattr(handle().inputs, name)
    context = Context(step=0, steps=1, epoch=0, epochs=1)
    if hasattr(Context, name):
        with pytest.raises(FitFailed, match="without declaring it"):
            getattr(context, name)


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.predict(),
        lambda s: s.states(),
        lambda s: s.prior(),
        lambda s: s.predict("validation"),
        lambda s: s.predict("budget"),
        lambda s: s.fit(s.inputs.weak, on_epoch=lambda k: None),
    ],
)
def test_the_handle_refuses_what_is_not_declared(ask: Callable[[StudentHandle], Any]) -> None:
    with pytest.raises(FitFailed, match=r"method Mine: .*without declaring it"):
        ask(handle())


@pytest.mark.parametrize(
    "spoil, told",
    [
        (lambda t: t[:-1], "targets of shape"),
        (lambda t: t[:, :1], "targets of shape"),
        (lambda t: t * 2, "targets do not sum to one: row 0 sums to 2"),
        (lambda t: t * float("nan"), "targets that are not finite"),
        (lambda t: torch.tensor([[-0.5, 1.5]]).expand(len(t), 2), "targets below zero"),
        (lambda t: t.numpy(), "targets of ndarray"),
    ],
)
def test_targets_must_be_distributions(spoil: Callable[[Tensor], Any], told: str) -> None:
    student = handle()
    with pytest.raises(FitFailed, match=rf"method Mine: {told}"):
        student.fit(spoil(student.inputs.weak))


def test_a_probability_where_there_is_no_option_is_refused() -> None:
    student = handle(domain="chess")
    uniform = torch.full_like(student.inputs.weak, 1 / student.inputs.weak.shape[1])
    with pytest.raises(FitFailed, match="where there is no option"):
        student.fit(uniform)


def test_weights_and_items_choose_what_is_learned_from() -> None:
    """All weight on some items is a fit on those items: opposite targets elsewhere do not matter."""
    student = handle(asking(RELABEL))
    weak = student.inputs.weak
    kept = torch.arange(len(weak)) % 2 == 0
    spoiled = torch.where(kept[:, None], weak, 1 - weak)
    student.fit(weak, weights=2.0 * kept)
    one = student.predict()
    student = handle(asking(RELABEL))
    student.fit(spoiled, weights=2.0 * kept)
    assert torch.equal(student.predict(), one)
    student = handle(asking(RELABEL))
    student.fit(weak, items=kept)
    two = student.predict()
    student = handle(asking(RELABEL))
    student.fit(spoiled, items=torch.nonzero(kept).flatten())
    assert torch.equal(student.predict(), two) and not torch.equal(one, two)


@pytest.mark.parametrize("weights", [torch.ones(3), torch.full((96,), float("inf"))])
def test_bad_weights_are_refused(weights: Tensor) -> None:
    student = handle()
    with pytest.raises(FitFailed, match="weights of shape"):
        student.fit(student.inputs.weak, weights=weights)


@pytest.mark.parametrize("items", [torch.tensor([96]), torch.tensor([-1]), torch.zeros(96, dtype=torch.bool)])
def test_bad_items_are_refused(items: Tensor) -> None:
    student = handle()
    with pytest.raises(FitFailed, match="no item is chosen, or one beyond the pool"):
        student.fit(student.inputs.weak, items=items)


def test_fresh_starts_from_the_pretrained_weights_and_otherwise_goes_on() -> None:
    def after(*fresh: bool) -> Tensor:
        student = handle(asking(RELABEL))
        for one in fresh:
            student.fit(student.inputs.weak, fresh=one, epochs=1)
        return student.predict()

    assert torch.equal(after(True, True), after(True, True))
    assert not torch.equal(after(True, True), after(True, False))
    assert not torch.equal(after(True), after(True, True)), "another order of items in each fit"


def test_a_context_holds_what_belongs_to_its_items() -> None:
    seen: list[tuple[Tensor, Tensor, Tensor, Tensor, Tensor]] = []

    def loss(logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        assert context.items is not None and context.options is None and context.weights is not None
        seen.append((context.items, weak, context.prior, context.teachers, context.states))
        assert torch.equal(context.weights, context.items.float())
        return cross_entropy(logits, weak)

    student = handle(asking(PRIOR, TEACHERS, STATES, loss=loss), "chess")
    inputs = student.inputs
    student.fit(inputs.weak, weights=torch.arange(len(inputs.weak)).float(), epochs=1)
    assert sorted(torch.cat([s[0] for s in seen]).tolist()) == list(range(len(inputs.weak)))
    for items, weak, prior, teachers, states in seen:
        width = weak.shape[1]
        assert torch.equal(weak, inputs.weak[items, :width])
        assert torch.equal(prior, inputs.prior[items, :width])
        assert torch.equal(teachers, inputs.teachers[:, items, :width])
        assert torch.equal(states, inputs.states[items, :width])


def test_a_hook_relabels_for_the_rest_of_the_fit() -> None:
    seen: list[float] = []

    def loss(logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        seen.append(float(weak.max()))
        return cross_entropy(logits, weak)

    student = handle(asking(RELABEL, loss=loss))
    hard = harden(student.inputs.weak)
    student.fit(student.inputs.weak, epochs=2, on_epoch=lambda epoch: hard if epoch == 0 else None)
    half = len(seen) // 2
    assert max(seen[:half]) < 1 and min(seen[half:]) == 1


def test_a_hook_is_called_as_often_as_asked_and_may_end_the_fit() -> None:
    calls: list[int] = []
    student = handle(asking(RELABEL))
    student.fit(student.inputs.weak, epochs=2, on_epoch=calls.append, per_epoch=3)  # type: ignore[arg-type]
    assert calls == [0, 1, 2, 3, 4, 5]
    steps: list[int] = []

    def loss(logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        steps.append(context.step)
        return cross_entropy(logits, weak)

    student = handle(asking(RELABEL, loss=loss))
    student.fit(student.inputs.weak, epochs=3, on_epoch=lambda k: Change(stop=k == 1))
    assert len(steps) == 2 * 6, "two epochs of three"


def test_predictions_in_a_hook_change_nothing() -> None:
    def result(hook: Any) -> Tensor:
        student = handle(asking(RELABEL, VALIDATION))
        student.fit(student.inputs.weak, on_epoch=hook(student))
        return student.predict()

    looking = result(lambda s: lambda k: s.predict("validation").sum() and None)
    assert torch.equal(looking, result(lambda s: None))


def test_a_snapshot_brings_the_student_back() -> None:
    student = handle(asking(RELABEL))
    student.fit(student.inputs.weak, epochs=1)
    kept, before = student.snapshot(), student.predict()
    student.fit(1 - student.inputs.weak, fresh=False)
    assert not torch.equal(student.predict(), before)
    student.restore(kept)
    assert torch.equal(student.predict(), before)


@pytest.mark.parametrize("domain", ["nlp", "chess", "reward"])
def test_head_only_leaves_the_body_as_it_is(domain: Domain) -> None:
    student = handle(domain=domain)
    head = set(map(id, student.model.head_parameters()))
    before = {n: p.detach().clone() for n, p in student.model.named_parameters()}
    student.fit(student.inputs.weak, head_only=True, epochs=1)
    moved = {n for n, p in student.model.named_parameters() if not torch.equal(p, before[n])}
    own = {n for n, p in student.model.named_parameters() if id(p) in head}
    assert moved and moved <= own
    assert all(p.requires_grad for p in student.model.parameters())


@pytest.mark.parametrize("domain", ["nlp", "chess", "reward"])
def test_states_are_what_the_head_reads(domain: Domain) -> None:
    """A linear head on the states gives the model's own logits; a board's head is bilinear in two squares."""
    from w2s_bench.contract import toys
    from w2s_bench.train.predict import all_states

    student = handle(domain=domain)
    model = toys.stir(student.model)
    items = student._request.items["test"]
    batch = model.collate(model.encode(items))
    found = model.states(batch)
    with torch.no_grad():
        if domain == "chess":
            width = found.shape[-1] // 2
            origin, target = model.origin(found[..., :width]), model.target(found[..., width:])  # type: ignore[operator]
            logits = (origin * target).sum(-1) / width**0.5
            logits = logits + model.offset[model.displacement.flatten()[batch.inputs["moves"]]]  # type: ignore[union-attr, index, operator]
            logits = logits + model.promotion[batch.inputs["promotes"]]  # type: ignore[index]
        else:
            logits = model.head(found)  # type: ignore[operator]
            logits = logits if domain == "nlp" else logits.squeeze(-1)
        ours, theirs = logits[batch.mask], model(batch)[batch.mask]
    assert torch.allclose(ours, theirs, atol=1e-4)
    assert torch.allclose(all_states(model, model.encode(items), torch.device("cpu")), found, atol=1e-4)


def test_a_probe_answers_in_the_student_s_place() -> None:
    student = handle(asking(STATES, PRIOR, TEXTS))

    def probe(view: View) -> Tensor:
        assert len(view.texts) == len(view.mask) == len(view.states) == len(view.prior)
        return view.mask.float() / view.mask.sum(-1, keepdim=True)

    student.use_probe(probe)
    assert np.allclose(student.answer("test"), 0.5)
    student.use_probe(lambda view: view.mask.float())
    with pytest.raises(FitFailed, match="method Mine: predictions do not sum to one"):
        student.answer("test")


@pytest.mark.parametrize("question", ["predict", "states", "prior"])
@pytest.mark.parametrize("part", ["test", "teacher", "companion-1"])
def test_a_method_asks_nothing_about_test_items(question: str, part: str) -> None:
    """So it cannot label them for itself and choose, or train, on what it sees there."""
    student = handle(asking(RELABEL, STATES, PRIOR))
    getattr(student, question)("transfer")
    with pytest.raises(FitFailed, match=f"method Mine: asks about the part '{part}'"):
        getattr(student, question)(part)


def test_a_gold_budget_is_part_of_the_pool() -> None:
    seen: set[int] = set()

    def loss(logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        assert context.items is not None
        seen.update(context.items.tolist())
        return cross_entropy(logits, weak)

    student = handle(asking(GOLD_BUDGET, loss=loss))
    inputs = student.inputs
    student.fit(torch.cat([inputs.weak, inputs.budget.labels]), epochs=1)
    assert seen == set(range(len(inputs.weak) + len(inputs.budget.items)))
    seen.clear()
    student.fit(inputs.weak, epochs=1)
    assert seen == set(range(len(inputs.weak))), "a fit may leave the budget out"
    assert student.predict("budget").shape == inputs.budget.labels.shape


def test_a_held_out_tenth_is_not_trained_on_and_yet_answered() -> None:
    student = handle(asking(VALIDATION), held_out=9)
    assert (len(student.inputs.weak), len(student.inputs.validation.labels)) == (87, 9)
    whole = requests.request("nlp", "naive").labels["transfer"]
    assert np.array_equal(student.inputs.validation.labels.numpy(), whole[87:])
    student.fit(student.inputs.weak, epochs=1)
    assert student.predict("validation").shape == (9, 2)
    assert student.answer("transfer").shape == (96, 2)
    assert np.allclose(student.answer("transfer")[87:], student.predict("validation").numpy(), atol=1e-6)


def test_a_twin_is_another_student() -> None:
    student = handle(asking(RELABEL))
    twin = student.twin()
    for one in (student, twin):
        one.fit(student.inputs.weak, epochs=1)
    assert not torch.equal(student.predict(), twin.predict())


def test_a_method_gets_no_key_and_no_path() -> None:
    """What can be reached from a request are items, weak labels and settings."""
    request = requests.request("nlp", "naive")
    assert not any("key" in name or "store" in name or "path" in name for name in FitRequest.__slots__)
    assert request.gold is not None and len(request.gold) == len(request.items["budget"])
    assert isinstance(FitResult(arrays={}), FitResult) and isinstance(handle().inputs, Inputs)
