"""The built-in methods against hand-computed values, and the options that they refuse."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from w2s_bench.contract import checks
from w2s_bench.errors import UnknownName, UserError
from w2s_bench.method import (
    LADDER,
    WEAK,
    Context,
    Method,
    cross_entropy,
    harden,
    load_method,
    method_fingerprint,
    targets_of,
)
from w2s_bench.methods.confidence import Confidence

END = Context(step=99, steps=100, epoch=1, epochs=2, options=2)


def confidence(**options: object) -> Confidence:
    method = load_method("confidence", dict(options))
    assert isinstance(method, Confidence)
    return method


def at(step: int, steps: int = 100, options: int | None = 2) -> Context:
    return Context(step=step, steps=steps, epoch=2 * step // steps, epochs=2, options=options)


def from_odds(odds: list[float]) -> Tensor:
    """Logits of two options with these log-odds of the second."""
    return torch.tensor([[0.0, o] for o in odds])


def test_cross_entropy_by_hand() -> None:
    logits = torch.log(torch.tensor([[0.2, 0.8], [0.5, 0.5]]))
    target = torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    expected = -(0.25 * math.log(0.2) + 0.75 * math.log(0.8) + math.log(0.5)) / 2
    assert float(cross_entropy(logits, target)) == pytest.approx(expected, abs=1e-6)


def test_cross_entropy_is_torch_s_own() -> None:
    for choice in checks.labelled():
        theirs = torch.nn.functional.cross_entropy(choice.logits, choice.weak)
        assert float(cross_entropy(choice.logits, choice.weak)) == pytest.approx(float(theirs), abs=1e-6)


def test_harden_takes_the_first_of_equals() -> None:
    assert harden(torch.tensor([[0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])).tolist() == [[1, 0, 0], [0, 0, 1]]


def test_naive_is_soft_cross_entropy() -> None:
    method = load_method("naive")
    for choice in checks.labelled():
        targets = targets_of(method, choice.weak, choice.mask)
        assert torch.equal(targets, choice.weak)
        loss = method.loss(choice.logits, targets, choice.mask, END)
        assert torch.equal(loss, cross_entropy(choice.logits, choice.weak))


def test_naive_hard_labels() -> None:
    method = load_method("naive", {"hard": True})
    weak = torch.tensor([[0.4, 0.6], [0.9, 0.1]])
    mask = torch.ones(2, 2, dtype=torch.bool)
    targets = targets_of(method, weak, mask)
    assert targets.tolist() == [[0, 1], [1, 0]]
    logits = torch.log(torch.tensor([[0.2, 0.8], [0.5, 0.5]]))
    loss = method.loss(logits, targets, mask, END)
    assert float(loss) == pytest.approx(-(math.log(0.8) + math.log(0.5)) / 2, abs=1e-6)


def test_confidence_by_hand() -> None:
    """Log-odds 2, −1, 0.5, −3: the upper half of the batch (2 and 0.5) hardens to the second option."""
    logits = from_odds([2.0, -1.0, 0.5, -3.0])
    weak = torch.tensor([[0.3, 0.7], [0.6, 0.4], [0.9, 0.1], [0.2, 0.8]])
    second = torch.sigmoid(torch.tensor([2.0, -1.0, 0.5, -3.0]))
    a = 0.5
    target = [(1 - a) * w + a * h for w, h in zip([0.7, 0.4, 0.1, 0.8], [1, 0, 1, 0], strict=True)]
    pairs = zip(target, second.tolist(), strict=True)
    expected = sum(-t * math.log(p) - (1 - t) * math.log(1 - p) for t, p in pairs) / 4
    loss = confidence().loss(logits, weak, torch.ones(4, 2, dtype=torch.bool), END)
    assert float(loss) == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=40))
def test_half_of_the_batch_lies_above_the_threshold(odds: list[float]) -> None:
    """All confident in one option, or equal: the threshold still splits the batch."""
    logits = from_odds(odds)
    hard = confidence().hardened(logits, torch.full((len(odds), 2), 0.5), 2)
    above = hard[:, 1].bool()
    assert int(above.sum()) == len(odds) // 2
    assert hard.sum(1).eq(1).all()
    if above.any():
        assert logits[above, 1].min() >= logits[~above, 1].max()


def test_weak_rate_threshold_follows_the_weak_labels() -> None:
    logits = from_odds([0.1, 0.4, 0.3, 0.2])
    weak = torch.tensor([[0.1, 0.9], [0.2, 0.8], [0.2, 0.8], [0.5, 0.5]])  # three of four for the second
    hard = confidence(threshold="weak-rate").hardened(logits, weak, 2)
    assert hard[:, 1].tolist() == [0, 1, 1, 1]
    assert confidence(threshold="half").hardened(logits, weak, 2)[:, 1].tolist() == [0, 1, 1, 0]
    none = confidence(threshold="weak-rate").hardened(logits, torch.tensor([[1.0, 0.0]] * 4), 2)
    assert none[:, 1].tolist() == [0, 0, 0, 0]


def test_more_options_harden_to_the_most_probable() -> None:
    logits = torch.tensor([[0.1, 3.0, 0.2], [2.0, 1.0, -1.0], [5.0, 6.0, 7.0]])
    weak = torch.full((3, 3), 1 / 3)
    for threshold in ("half", "weak-rate"):
        hard = confidence(threshold=threshold).hardened(logits, weak, 3)
        assert hard.argmax(1).tolist() == [1, 0, 2] and hard.sum(1).eq(1).all()


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.75, 1.0])
@pytest.mark.parametrize("step", [0, 7, 20, 99])
def test_confidence_is_the_weighted_sum_of_two_cross_entropies(alpha: float, step: int) -> None:
    method = confidence(alpha=alpha)
    for choice in checks.labelled():
        a = alpha * min(1.0, step / 20)
        hard = method.hardened(choice.logits, choice.weak, choice.options)
        expected = (1 - a) * cross_entropy(choice.logits, choice.weak) + a * cross_entropy(
            choice.logits, hard
        )
        loss = method.loss(choice.logits, choice.weak, choice.mask, at(step, options=choice.options))
        assert float(loss) == pytest.approx(float(expected), abs=1e-5), choice.name


def test_no_gradient_through_the_hardened_target() -> None:
    """The gradient is that of a fixed mixed target: softmax(logits) − target, over the batch."""
    for choice in checks.labelled():
        method = confidence(alpha=0.75)
        target = 0.25 * choice.weak + 0.75 * method.hardened(choice.logits, choice.weak, choice.options)
        logits = choice.logits.clone().requires_grad_()
        loss = method.loss(logits, choice.weak, choice.mask, at(99, options=choice.options))
        (gradient,) = torch.autograd.grad(loss, logits)
        expected = (torch.softmax(choice.logits, -1) - target) / len(target)
        assert torch.allclose(gradient, expected, atol=1e-6), choice.name


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1).filter(lambda w: w == 0 or w > 1e-3))
def test_the_warm_up_is_linear_and_never_jumps(steps: int, alpha: float, warmup: float) -> None:
    method = confidence(alpha=alpha, warmup=warmup)
    weights = [method.weight(at(step, steps)) for step in range(steps)]
    for step, weight in enumerate(weights):
        share = 1.0 if warmup == 0 else min(1.0, step / steps / warmup)
        assert weight == pytest.approx(alpha * share, abs=1e-9)
    assert weights[0] == (alpha if warmup == 0 else 0)
    assert all(0 <= w <= alpha for w in weights)
    rise = alpha / (warmup * steps) if warmup else 0.0
    assert all(0 <= b - a <= rise + 1e-9 for a, b in pairwise(weights))


def test_the_weight_is_continuous_where_the_warm_up_ends() -> None:
    method = confidence(alpha=0.5, warmup=0.2)
    steps = 100_000
    before, end, after = (method.weight(at(step, steps)) for step in (19_999, 20_000, 20_001))
    assert end == after == 0.5
    assert 0 < end - before < 1e-4


def test_confidence_starts_as_naive() -> None:
    for choice in checks.labelled():
        start = at(0, options=choice.options)
        loss = confidence(alpha=1.0).loss(choice.logits, choice.weak, choice.mask, start)
        assert float(loss) == pytest.approx(float(cross_entropy(choice.logits, choice.weak)), abs=1e-6)


def test_the_paper_s_defaults() -> None:
    assert confidence().options.model_dump() == {"alpha": 0.5, "warmup": 0.2, "threshold": "half"}


def test_bootstrapping_is_a_chain_of_naive_fits() -> None:
    method = load_method("bootstrapping")
    assert method.fits_as == "naive"
    assert method.inputs == {WEAK, LADDER}


@pytest.mark.parametrize(
    "name, options, told",
    [
        ("naive", {"hard": "sometimes"}, "hard"),
        ("naive", {"alpha": 0.5}, "alpha"),
        ("confidence", {"alpha": 1.5}, "alpha"),
        ("confidence", {"alpha": -0.1}, "alpha"),
        ("confidence", {"warmup": 2}, "warmup"),
        ("confidence", {"alpha": "half"}, "alpha"),
        ("confidence", {"threshold": "median"}, "threshold"),
        ("confidence", {"aplha": 0.5}, "aplha"),
        ("bootstrapping", {"hops": 2}, "hops"),
    ],
)
def test_a_bad_option_is_named(name: str, options: dict[str, object], told: str) -> None:
    with pytest.raises(UserError) as caught:
        load_method(name, options)
    line = str(caught.value)
    assert f"method {name}" in line and repr(told) in line and "expected its options" in line
    assert repr(options[told]) in line, "the value that was given"


def test_an_unknown_method_names_what_is_near() -> None:
    with pytest.raises(UnknownName, match=r"unknown method 'confidense'.*confidence.*list methods"):
        load_method("confidense")


def method_file(folder: Path, body: str) -> str:
    file = folder / "mine.py"
    file.write_text(f'"""Mine."""\nfrom w2s_bench.method import Method\n\n\nclass Mine(Method):\n{body}')
    return f"{file}:Mine"


def test_a_method_from_a_file(tmp_path: Path) -> None:
    name = method_file(
        tmp_path, "    def loss(self, logits, weak, mask, context):\n        return logits.sum()\n"
    )
    method = load_method(name)
    choice = checks.labelled()[0]
    assert torch.equal(method.loss(choice.logits, choice.weak, choice.mask, END), choice.logits.sum())
    before = method_fingerprint(name, method)
    (tmp_path / "mine.py").write_text((tmp_path / "mine.py").read_text() + "# edited\n")
    assert method_fingerprint(name, method) == before, "a comment does nothing"
    (tmp_path / "mine.py").write_text((tmp_path / "mine.py").read_text().replace(".sum()", ".mean()"))
    assert method_fingerprint(name, method) != before, "its code is part of every key"


def test_a_method_that_asks_for_an_unknown_input(tmp_path: Path) -> None:
    name = method_file(tmp_path, '    inputs = frozenset({"weak", "telepathy"})\n')
    with pytest.raises(UserError, match=r"unknown input\(s\) telepathy.*expected among weak, teachers"):
        load_method(name)


def test_a_method_without_a_loss_has_cross_entropy(tmp_path: Path) -> None:
    """Weighted where the fit has weights: a method that changes labels or weights alone needs no loss."""
    method = load_method(method_file(tmp_path, "    pass\n"))
    choice = checks.labelled()[0]
    plain = cross_entropy(choice.logits, choice.weak)
    assert torch.equal(method.loss(choice.logits, choice.weak, choice.mask, END), plain)
    weights = torch.tensor([2.0, 0, 0, 0, 0, 0])
    weighted = method.loss(choice.logits, choice.weak, choice.mask, replace(END, weights=weights))
    first = cross_entropy(choice.logits[:1], choice.weak[:1])
    assert float(weighted) == pytest.approx(float(first) * 2 / 6, abs=1e-6)


@pytest.mark.parametrize("threshold", ["half", "weak-rate"])
def test_two_legal_moves_are_not_two_classes(threshold: str) -> None:
    """A batch of positions whose widest has two moves: no threshold, each its own most probable move."""
    logits, weak = from_odds([3.0, 2.0, 1.0, 0.5]), torch.full((4, 2), 0.5)
    assert confidence(threshold=threshold).hardened(logits, weak, None)[:, 1].tolist() == [1, 1, 1, 1]
    assert confidence(threshold=threshold).hardened(logits, weak, 2)[:, 1].sum() == 2


def test_a_last_batch_of_one_item_is_not_halved() -> None:
    weak = torch.tensor([[0.9, 0.1]])
    for threshold in ("half", "weak-rate"):
        for odds, picked in ((4.0, 1), (-4.0, 0)):
            hard = confidence(threshold=threshold).hardened(from_odds([odds]), weak, 2)
            assert hard.argmax(1).tolist() == [picked]


@pytest.mark.parametrize(
    "text, told",
    [
        ('"""Broken."""\n1 / 0\n', "ZeroDivisionError"),
        ('"""No class."""\nMine = 3\n', "not a method"),
        ('"""A class."""\n\n\nclass Mine:\n    pass\n', "not a method"),
        ('"""Another name."""\n', "no 'Mine' in it"),
    ],
)
def test_a_file_that_holds_no_method(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(UserError, match=told):
        load_method(f"{tmp_path}/mine.py:Mine")


def test_options_are_part_of_the_fingerprint() -> None:
    def of(**options: object) -> str:
        return method_fingerprint("confidence", confidence(**options))

    assert of() == of(alpha=0.5) == of(threshold="half")
    assert len({of(), of(alpha=0.75), of(warmup=0.1), of(threshold="weak-rate")}) == 4


def test_context_tells_the_share_that_is_done() -> None:
    assert [Context(step=s, steps=4, epoch=0, epochs=1).fraction for s in range(4)] == [0, 0.25, 0.5, 0.75]


def test_options_are_frozen() -> None:
    method: Method = confidence()
    with pytest.raises(ValueError, match="frozen"):
        method.options.alpha = 0.9
