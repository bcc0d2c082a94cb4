"""Ways to finetune the same model on the same texts: ours, a bare loop, and loops like those of peers.

Each is timed from texts to a trained model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.speed.subjects import LONGEST, Size, build, texts
from w2s_bench.contract.fits import fit_labels
from w2s_bench.method import load_method
from w2s_bench.suite import Training
from w2s_bench.train.fused import fused

BATCH = 32
RATE = 1e-3
CLIP = 1.0
POOL = 32  # batches that are sorted by length together


def in_turns(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round, after a round to warm up.

    Ways take turns, so that other load of the machine affects all of them.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for k in range(rounds + 1):
        for name, way in ways.items():
            seconds = way()
            times[name] += [seconds] if k else []
    return times


def ratio(times: list[float], base: list[float]) -> float:
    """The median over rounds of the ratios within a round."""
    return median(a / b for a, b in zip(times, base, strict=True))


def ours(size: Size, device: torch.device, **settings: Any) -> float:
    """Seconds of our fit of the naive method for one epoch."""
    model = build(size)
    items, labels = texts(size.items, model)
    method = load_method("naive")
    training = Training(epochs=1, batch_size=BATCH, learning_rate=RATE, **settings)
    clock = now(device)
    fit_labels(model, model.encode(items), labels, method, training, 0, device, options=2)
    return now(device) - clock


def bare(
    size: Size,
    device: torch.device,
    *,
    quick: bool = False,
    bucketed: bool = True,
    compiled: bool = False,
) -> float:
    """Seconds of a loop as written by hand, on padded batches.

    ``quick``: with our faster kernels and fused AdamW. ``bucketed``: batches by length. ``compiled``: with
    the body compiled by torch.compile.
    """

    def step(net: Any, optimizer: Any, ids: torch.Tensor, mask: torch.Tensor, gold: torch.Tensor) -> None:
        loss = nn.functional.cross_entropy(_logits(net, ids, mask, quick), gold)
        loss.backward()
        _update(net, optimizer)

    order = _buckets if bucketed else _random
    return _loop(size, device, order, step, quick, compiled)


def one_by_one(size: Size, device: torch.device) -> float:
    """Seconds of a loop over single texts with gradient accumulation, as in openai/weak-to-strong."""

    def step(net: Any, optimizer: Any, ids: torch.Tensor, mask: torch.Tensor, gold: torch.Tensor) -> None:
        for k, length in enumerate(mask.sum(1).tolist()):
            one = slice(k, k + 1)
            loss = nn.functional.cross_entropy(
                _logits(net, ids[one, :length], mask[one, :length], False), gold[one]
            )
            (loss / len(gold)).backward()
        _update(net, optimizer)

    return _loop(size, device, _random, step, False)


def _loop(
    size: Size,
    device: torch.device,
    order: Callable[..., Any],
    step: Callable[..., None],
    quick: bool,
    compiled: bool = False,
) -> float:
    model: Any = build(size)
    items, labels = texts(size.items, model)
    clock = now(device)
    rows = [
        ids[-LONGEST:]
        for ids in model.tokenizer([i.prompt for i in items], add_special_tokens=False)["input_ids"]
    ]
    gold = torch.from_numpy(labels.argmax(1)).to(device)
    net = model.to(device).train()
    if compiled:
        net.lm.transformer = torch.compile(net.lm.transformer, dynamic=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.0, fused=True if quick else None)
    with fused(net) if quick else nullcontext():
        for chosen in order(np.array([len(r) for r in rows])):
            ids, mask = _padded([rows[i] for i in chosen])
            step(net, optimizer, ids.to(device), mask.to(device), gold[chosen])
    return now(device) - clock


def _logits(net: Any, ids: torch.Tensor, mask: torch.Tensor, quick: bool) -> torch.Tensor:
    given = {} if quick else {"attention_mask": mask}
    states = net.lm.base_model(input_ids=ids, **given).last_hidden_state
    return net.head(states[torch.arange(len(ids), device=ids.device), mask.sum(1) - 1])


def _update(net: Any, optimizer: Any) -> None:
    nn.utils.clip_grad_norm_(net.parameters(), CLIP)
    optimizer.step()
    optimizer.zero_grad()


def _padded(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    ids = nn.utils.rnn.pad_sequence([torch.tensor(r) for r in rows], batch_first=True)
    lengths = torch.tensor([len(r) for r in rows])
    return ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long()


def _random(lengths: np.ndarray) -> Iterator[np.ndarray]:
    order = np.random.default_rng(0).permutation(len(lengths))
    yield from (order[k : k + BATCH] for k in range(0, len(order), BATCH))


def _buckets(lengths: np.ndarray) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    order = rng.permutation(len(lengths))
    pools = [order[k : k + BATCH * POOL] for k in range(0, len(order), BATCH * POOL)]
    pools = [p[np.argsort(lengths[p], kind="stable")] for p in pools]
    batches = [p[k : k + BATCH] for p in pools for k in range(0, len(p), BATCH)]
    yield from (batches[k] for k in rng.permutation(len(batches)))


def now(device: torch.device) -> float:
    """The clock in seconds, after the device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()
