"""The fit loop against a plain PyTorch loop, its batches and rates, what it refuses, and prediction."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.contract import requests, toys
from w2s_bench.contract.fits import fit_labels
from w2s_bench.errors import FitFailed
from w2s_bench.method import Context, Method, cross_entropy, load_method
from w2s_bench.model import MASKED, Model, build_model
from w2s_bench.records import Domain
from w2s_bench.suite import Training
from w2s_bench.task import Item
from w2s_bench.train import fit as fit_module
from w2s_bench.train.loop import rate
from w2s_bench.train.predict import predict

CPU = torch.device("cpu")
NAIVE = load_method("naive")
torch.set_num_threads(1)  # these products are too small to share: threads would wait for each other


def many(domain: Domain, count: int) -> list[Item]:
    """Items of unlike length; texts are made of shuffled words."""
    if domain == "chess":
        return (list(toys.items("chess")) * count)[:count]
    rng = Random(0)
    words = " ".join(toys.PROMPTS).split()

    def text() -> str:
        return " ".join(rng.choices(words, k=rng.randint(1, 12)))

    pairs = [(text(), text()) for _ in range(count)]
    return [
        toys.text_item(one) if domain == "nlp" else toys.text_item("rate :", (one, two + " ."))
        for one, two in pairs
    ]


def soft_labels(items: list[Item], seed: int = 0) -> NDArray[np.float32]:
    """Random probabilities ``[N, O]``, 0 beyond an item's options."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((len(items), max(len(i.options) for i in items)), dtype=np.float32)
    for row, item in zip(labels, items, strict=True):
        row[: len(item.options)] = rng.dirichlet(np.ones(len(item.options)))
    return labels


def plain_rate(training: Training, step: int, steps: int) -> float:
    warm = round(training.warmup * steps)
    if training.warmup and step < max(warm, 1):
        return training.learning_rate * (step + 1) / max(warm, 1)
    done = step / steps
    return (
        training.learning_rate
        * {
            "constant": 1,
            "linear": 1 - done,
            "cosine": (1 + math.cos(math.pi * done)) / 2,
        }[training.schedule]
    )


def plain_loop(
    model: Model, encoded: list[Any], labels: NDArray[np.float32], training: Training, seed: int, alpha: float
) -> list[float]:
    """What a reader would write: AdamW, schedule, clipping, cross-entropy; ``alpha`` adds confidence."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=training.weight_decay)
    steps = training.epochs * -(-len(encoded) // training.batch_size)
    losses: list[float] = []
    for epoch in range(training.epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(encoded))
        for start in range(0, len(order), training.batch_size):
            chosen = order[start : start + training.batch_size]
            batch = model.collate([encoded[i] for i in chosen])
            logits = model.scores(batch)
            logits[~batch.mask] = MASKED
            target = torch.tensor(labels[chosen][:, : logits.shape[1]])
            if alpha:
                a = alpha * min(1.0, len(losses) / (0.2 * steps))
                odds = logits.detach()[:, 1] - logits.detach()[:, 0]
                second = (odds >= odds.sort(descending=True).values[max(len(odds) // 2 - 1, 0)]).float()
                target = (1 - a) * target + a * torch.stack([1 - second, second], 1)
            loss = -(target * torch.log_softmax(logits, -1)).sum(-1).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), training.clip)
            for group in optimizer.param_groups:
                group["lr"] = plain_rate(training, len(losses), steps)
            optimizer.step()
            losses.append(loss.item())
    return losses


@dataclass(frozen=True)
class Case:
    """One fit: a model in a domain, a recipe, a method."""

    model: str
    domain: Domain
    training: Training
    method: str = "naive"
    count: int = 42

    def __str__(self) -> str:
        return f"{self.model}-{self.domain}-{self.training.schedule}-{self.method}"


CASES = [
    Case("llama:16x2", "nlp", Training(epochs=3, batch_size=8, learning_rate=3e-3, warmup=0.2)),
    Case(
        "llama:16x2",
        "nlp",
        Training(epochs=3, batch_size=7, learning_rate=3e-3, schedule="cosine", weight_decay=0.1),
        method="confidence",
    ),
    Case("llama:16x2", "reward", Training(epochs=2, batch_size=8, learning_rate=3e-3, clip=0.1)),
    Case("bow", "reward", Training(epochs=2, batch_size=5, learning_rate=0.05, schedule="constant")),
    Case("board:8x2", "chess", Training(epochs=4, batch_size=3, learning_rate=3e-3, warmup=0.0), count=7),
    Case("llama:16x1", "chess", Training(epochs=3, batch_size=3, learning_rate=3e-3), count=7),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fit_is_a_plain_loop(case: Case) -> None:
    items = many(case.domain, case.count)
    labels = soft_labels(items)
    model = build_model(case.model, toys.shape(case.domain), seed=1)
    twin = copy.deepcopy(model)
    encoded = model.encode(items)
    options = {"alpha": 0.75} if case.method == "confidence" else {}
    choices = None if case.domain == "chess" else 2
    method = load_method(case.method, options)
    losses = list(chain(*fit_labels(model, encoded, labels, method, case.training, 5, CPU, options=choices)))
    plain = plain_loop(twin, encoded, labels, case.training, 5, options.get("alpha", 0.0))
    assert len(losses) == case.training.epochs * math.ceil(case.count / case.training.batch_size)
    assert losses == pytest.approx(plain, abs=1e-5)
    assert len(set(losses)) == len(losses), "something was learned"
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)


def test_clipping_is_in_force() -> None:
    """The plain loop would not show it if no gradient were large enough."""
    items, losses = many("nlp", 16), []
    for clip in (1e-3, 1e3):
        model = build_model("llama:16x1", toys.shape("nlp"), seed=1)
        training = Training(epochs=3, batch_size=4, learning_rate=1e-2, clip=clip)
        losses.append(fit_labels(model, model.encode(items), soft_labels(items), NAIVE, training, 0))
    assert losses[0] != losses[1]


def test_all_methods_of_a_seed_see_the_same_batches() -> None:
    seen: dict[str, list[float]] = {}

    class Spy(Method):
        def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
            seen.setdefault(type(self).__name__, []).append(float(weak[0, 0]))
            return cross_entropy(logits, weak)

    class Other(Spy):
        pass

    items = many("nlp", 20)
    for method in (Spy(), Other()):
        model = build_model("bow", toys.shape("nlp"), seed=0)
        fit_labels(model, model.encode(items), soft_labels(items), method, Training(batch_size=3), 7, CPU)
    assert seen["Spy"] == seen["Other"] and len(set(seen["Spy"])) > 5


@pytest.mark.parametrize(
    "schedule, warmup, expected",
    [
        ("constant", 0.0, [1.0] * 10),
        ("constant", 0.3, [1 / 3, 2 / 3, 1.0, *[1.0] * 7]),
        ("linear", 0.0, [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]),
        ("linear", 0.2, [0.5, 1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]),
        ("cosine", 0.0, [(1 + math.cos(math.pi * k / 10)) / 2 for k in range(10)]),
        ("linear", 0.01, [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]),
    ],
)
def test_rates_of_ten_steps(schedule: Any, warmup: float, expected: list[float]) -> None:
    training = Training(learning_rate=0.01, schedule=schedule, warmup=warmup)
    assert [rate(training, step, 10) for step in range(10)] == pytest.approx([0.01 * e for e in expected])


@given(st.sampled_from(["constant", "linear", "cosine"]), st.floats(0, 0.99), st.integers(1, 200))
def test_rates_never_leave_their_range(schedule: Any, warmup: float, steps: int) -> None:
    training = Training(learning_rate=0.1, schedule=schedule, warmup=warmup)
    rates = [rate(training, step, steps) for step in range(steps)]
    assert all(0 < r <= 0.1 + 1e-12 for r in rates)
    falling = rates[max(1, round(warmup * steps)) :]
    assert falling == sorted(falling, reverse=True)


class Bad(Method):
    """Breaks the contract as its argument says."""

    def __init__(self, loss: Any = None, targets: Any = None) -> None:
        super().__init__()
        self.bad_loss, self.bad_targets = loss, targets

    def targets(self, weak: Tensor) -> Tensor:
        return self.bad_targets(weak) if self.bad_targets else weak

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        loss = cross_entropy(logits, weak)
        return self.bad_loss(loss, logits, context) if self.bad_loss else loss


@pytest.mark.parametrize(
    "method, told",
    [
        (
            Bad(lambda loss, logits, c: loss * (math.nan if c.step == 2 else 1)),
            "the loss is nan at step 2 of 4",
        ),
        (Bad(lambda loss, logits, c: loss * math.inf), "the loss is inf at step 0 of 4"),
        (Bad(lambda loss, logits, c: logits), r"loss\(\) gave shape \(4, 2\)"),
        (Bad(lambda loss, logits, c: logits.sum(-1)), r"loss\(\) gave shape \(4,\)"),
        (Bad(lambda loss, logits, c: loss[None]), r"loss\(\) gave shape \(1,\)"),
        (Bad(lambda loss, logits, c: loss.item()), r"loss\(\) gave float"),
        (Bad(lambda loss, logits, c: None), r"loss\(\) gave NoneType"),
        (Bad(lambda loss, logits, c: loss.detach()), r"loss\(\) gave a tensor that no gradient reaches"),
        (Bad(lambda loss, logits, c: logits[99]), r"loss\(\) raised IndexError: "),
    ],
)
def test_a_method_that_breaks_its_contract_is_named(method: Bad, told: str) -> None:
    items = many("nlp", 8)
    model = build_model("bow", toys.shape("nlp"), seed=0)
    with pytest.raises(FitFailed, match=rf"method Bad: {told}.*expected"):
        fit_labels(model, model.encode(items), soft_labels(items), method, Training(batch_size=4), 0, CPU)


@pytest.mark.parametrize(
    "targets, message",
    [
        (lambda weak: weak @ weak, r"<lambda>\(\) raised RuntimeError: "),
        (lambda weak: weak[:, :1], r"targets of shape \(96, 1\)"),
        (lambda weak: weak[:4], r"targets of shape \(4, 2\)"),
    ],
)
def test_targets_that_break_the_contract_are_named(
    targets: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_module, "load_method", lambda name, options: Bad(targets=targets))
    with pytest.raises(FitFailed, match=rf"method Bad: {message}.*expected"):
        fit_module.fit(requests.request("nlp", "naive"))


def test_training_that_blows_up_says_what_to_lower() -> None:
    items = many("nlp", 8)
    model = toys.stir(build_model("llama:16x1", toys.shape("nlp"), seed=0))
    with torch.no_grad():
        model.head.weight.fill_(math.inf)  # type: ignore[union-attr, operator]
    with pytest.raises(FitFailed, match=r"method Naive: the loss is nan .*Lower the learning rate"):
        fit_labels(model, model.encode(items), soft_labels(items), load_method("naive"), Training(), 0, CPU)


def test_two_fits_are_equal_to_the_last_bit() -> None:
    items, found = many("reward", 12), []
    for _ in range(2):
        model = build_model("llama:16x1", toys.shape("reward"), seed=2)
        losses = fit_labels(
            model, model.encode(items), soft_labels(items), load_method("naive"), Training(), 2, CPU
        )
        found.append((losses, predict(model, model.encode(items), CPU).tobytes()))
    assert found[0] == found[1]


@pytest.mark.parametrize("name, domain", [("llama:16x1", "nlp"), ("board:8x1", "chess"), ("bow", "reward")])
def test_bf16_runs_on_a_cpu(name: str, domain: Domain) -> None:
    items = many(domain, 10)
    losses = {}
    for precision in ("fp32", "bf16", "again"):
        model = build_model(name, toys.shape(domain), seed=0)
        training = Training(
            epochs=3, batch_size=4, learning_rate=1e-2, precision="bf16" if precision == "bf16" else "fp32"
        )
        drawn = fit_labels(
            model, model.encode(items), soft_labels(items), load_method("naive"), training, 0, CPU
        )
        losses[precision] = list(chain(*drawn))
        assert {p.dtype for p in model.parameters()} == {torch.float32}
        batch = model.collate(model.encode(items))
        with torch.no_grad():
            assert torch.equal(model(batch), type(model).forward(model, batch)), "no wrapper stays behind"
    assert all(map(math.isfinite, losses["bf16"]))
    assert losses["bf16"] == pytest.approx(losses["fp32"], abs=0.05)
    assert losses["again"] == losses["fp32"], "the precision of one fit does not leak into the next"
    if name != "bow":  # sums of table entries: nothing there that half precision would touch
        assert losses["bf16"] != losses["fp32"]


def test_predictions_are_probabilities_over_the_options() -> None:
    items = many("chess", 9)
    model = toys.stir(build_model("board:8x1", toys.shape("chess"), seed=0))
    found = predict(model, model.encode(items), CPU)
    assert found.dtype == np.float32 and found.shape == (9, max(len(i.options) for i in items))
    for row, item in zip(found, items, strict=True):
        assert row.sum() == pytest.approx(1, abs=1e-5)
        assert (row[: len(item.options)] > 0).all() and (row[len(item.options) :] == 0).all()


IMPORT_EVERYTHING = """
import importlib, pkgutil, sys, torch
touched = []
for name in ("init", "_lazy_init", "current_device", "get_device_name"):
    setattr(torch.cuda, name, lambda *a, name=name, **k: touched.append(name))
import w2s_bench
names = [m.name for m in pkgutil.walk_packages(w2s_bench.__path__, "w2s_bench.") if "contract" not in m.name]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names), torch.cuda.is_initialized(), touched)
"""


def test_importing_everything_touches_no_cuda() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING], capture_output=True, text=True, check=True
    )
    count, rest = done.stdout.strip().split(" ", 1)
    assert int(count) > 40
    assert rest == "False []"
