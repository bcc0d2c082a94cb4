"""Micro-batches: the gradients of the whole batch's loss, and memory that does not grow with the batch."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch
from support.gradients import CPU, built, gradients, most_kept
from torch import Tensor

from w2s_bench.contract import requests
from w2s_bench.contract.fits import fit_labels
from w2s_bench.method import Context, Method, cross_entropy, load_method
from w2s_bench.model import Batch, build_model
from w2s_bench.records import Domain
from w2s_bench.suite import Training
from w2s_bench.train.device import accelerator
from w2s_bench.train.micro_batches import Passes, by_items, by_logits

torch.set_num_threads(1)
HALF_WAY = Context(step=50, steps=100, epoch=0, epochs=1)


def plain_gradients(domain: Domain, method: Method) -> Tensor:
    model, encoded, weak, options = built(domain)
    context = Context(step=50, steps=100, epoch=0, epochs=1, options=options)
    batch = model.collate(encoded)
    method.loss(model(batch), weak[:, : batch.mask.shape[1]], batch.mask, context).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@pytest.mark.parametrize("domain", ["nlp", "chess", "reward"])
@pytest.mark.parametrize("options", [{}, {"threshold": "weak-rate", "alpha": 0.9}])
def test_the_confidence_loss_has_the_same_gradients_at_1_4_and_32(
    domain: Domain, options: dict[str, Any]
) -> None:
    """In double precision the three are one; in single they differ by rounding alone."""
    method = load_method("confidence", options)
    whole = plain_gradients(domain, method)
    assert whole.abs().max() > 1e-3
    for size in (1, 4, 32):
        found = gradients(domain, size, method)
        assert (found - whole).abs().max() < 1e-6 * max(1.0, float(whole.abs().max())), size


def test_a_threshold_of_the_micro_batch_would_not_do() -> None:
    """What the public code does at its default micro-batch of 1: the gradients are others."""
    model, encoded, weak, _ = built("nlp")
    method = load_method("confidence", {"threshold": "weak-rate"})
    context = Context(step=50, steps=100, epoch=0, epochs=1, options=2)
    for k, one in enumerate(encoded):
        batch = model.collate([one])
        (method.loss(model(batch), weak[k : k + 1], batch.mask, context) / len(encoded)).backward()
    alone = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    assert (alone - gradients("nlp", 1, method)).abs().max() > 1e-3


def test_memory_does_not_grow_with_the_batch() -> None:
    """What autograd keeps, at batches of 8 and of 64 in micro-batches of 4, and of 64 at once."""
    small, large, whole = most_kept(8, 4), most_kept(64, 4), most_kept(64, 64)
    assert large < 1.05 * small
    assert whole > 8 * large


@pytest.mark.parametrize("name", ["naive", "confidence"])
def test_a_fit_in_micro_batches_is_the_same_fit(name: str) -> None:
    request, losses, answers = requests.request("nlp", name), [], []
    for micro in (None, 5):
        training = Training(**request.training | {"micro_batch": micro})
        model = build_model(request.model, request.shape, 0)
        encoded = model.encode(request.items["transfer"])
        weak, method = request.labels["transfer"], load_method(name)
        losses.append(list(chain(*fit_labels(model, encoded, weak, method, training, 0, CPU, options=2))))
        with torch.no_grad():
            answers.append(torch.softmax(model.eval()(model.collate(encoded)), -1))
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)
    assert torch.allclose(answers[0], answers[1], atol=1e-2)


class Small(torch.nn.Module):
    """A network for a device that holds ``most`` items at a time."""

    def __init__(self, most: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear, self.most, self.sizes = torch.nn.Linear(3, 2), most, list[int]()

    def forward(self, batch: Batch) -> Tensor:
        x = batch.inputs["x"]
        self.sizes.append(len(x))
        if len(x) > self.most:
            raise torch.OutOfMemoryError("so many do not fit")
        return self.linear(x)


def gradients_of(most: int, **settings: Any) -> tuple[Tensor, float, Small]:
    """Of a loss that looks at all nine items at once, in two batches one after the other."""
    torch.manual_seed(0)
    net, x = Small(most), torch.randn(9, 3)

    def collate(items: Any) -> Batch:
        return Batch({"x": x[items]}, torch.ones(len(items), 2, dtype=torch.bool))

    passes, items = Passes(accelerator(CPU, "fp32"), net, CPU, collate, **settings), np.arange(9)
    for _ in range(2):
        value = passes.run(items, passes.parts(items), lambda n, b: n(b).softmax(-1).mean(0).square().sum())
    return net.linear.weight.grad, float(value.detach()), net  # type: ignore[return-value]


def test_out_of_memory_halves_the_micro_batch_and_changes_nothing() -> None:
    whole, value, _ = gradients_of(9)
    found, again, net = gradients_of(2)
    assert torch.allclose(found, whole, atol=1e-7) and again == pytest.approx(value)
    assert net.sizes[:3] == [9, 4, 2] and max(net.sizes[3:]) == 2, "halved until it fits, and it stays so"


def test_memory_that_one_item_exceeds_and_shared_fits_are_told() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        gradients_of(0)
    with pytest.raises(torch.OutOfMemoryError):
        gradients_of(4, halve=False)


def test_dropout_drops_the_same_in_both_passes() -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.seen = torch.nn.Linear(3, 2), []

        def forward(self, batch: Batch) -> Tensor:
            out = self.linear(torch.nn.functional.dropout(batch.inputs["x"], 0.5, training=True))
            self.seen.append(out.detach())
            return out

    torch.manual_seed(0)
    net, x = Net(), torch.randn(6, 3)
    parts = [Batch({"x": x[k : k + 2]}, torch.ones(2, 2, dtype=torch.bool)) for k in range(0, 6, 2)]
    by_logits(accelerator(CPU, "fp32"), net, parts, CPU, lambda n, b: cross_entropy(n(b), b.mask / 2))
    first, second = torch.cat(net.seen[:3]), torch.cat(net.seen[3:])
    assert torch.equal(first, second)


def test_the_language_stage_weighs_micro_batches_by_their_items() -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.value = torch.nn.Parameter(torch.tensor(2.0))

    net = Net()
    parts = [Batch({"x": torch.tensor(v)}, torch.ones(len(v), 1)) for v in ([1.0, 3.0], [5.0])]
    value = by_items(accelerator(CPU, "fp32"), net, parts, CPU, lambda n, b: (n.value * b.inputs["x"]).mean())
    assert float(value) == pytest.approx(6.0) and float(net.value.grad or 0) == pytest.approx(3.0)


def test_micro_batch_is_in_the_key_only_where_it_is_set() -> None:
    assert "micro_batch" not in Training().for_key()
    assert Training(micro_batch=4).for_key()["micro_batch"] == 4
    assert math.isfinite(HALF_WAY.fraction)
