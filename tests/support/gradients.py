"""Gradients and kept memory of one batch in micro-batches."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from w2s_bench.contract import requests
from w2s_bench.method import Context, Method, load_method
from w2s_bench.model import Batch, Model, build_model
from w2s_bench.records import Domain
from w2s_bench.train.device import accelerator
from w2s_bench.train.micro_batches import by_logits

CPU = torch.device("cpu")


def built(domain: Domain) -> tuple[Model, list[Any], Tensor, int | None]:
    from w2s_bench.contract import toys

    request = requests.request(domain, "confidence")
    model = toys.stir(build_model(request.model, request.shape, 0), 0.05).train()
    items = request.items["transfer"][:32]
    options = None if domain == "chess" else 2
    return model, model.encode(items), torch.from_numpy(request.labels["transfer"][:32]), options


def gradients(domain: Domain, size: int, method: Method) -> Tensor:
    """All gradients of one batch of 32 in micro-batches of ``size``, in a row."""
    model, encoded, weak, options = built(domain)
    context = Context(step=50, steps=100, epoch=0, epochs=1, options=options)
    accelerate = accelerator(CPU, "fp32")

    def loss(net: Any, batch: Batch) -> Tensor:
        return method.loss(net(batch), weak[:, : batch.mask.shape[1]], batch.mask, context)

    parts = [model.collate(encoded[k : k + size]) for k in range(0, len(encoded), size)]
    by_logits(accelerate, model, parts, CPU, loss)
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


class Tally:
    """Bytes that autograd keeps for backward passes: now, and at most."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def pack(self, tensor: Tensor) -> Any:
        kept = _Kept(self, tensor)
        self.now += tensor.nbytes
        self.most = max(self.most, self.now)
        return kept

    def unpack(self, kept: Any) -> Tensor:
        return kept.tensor  # type: ignore[no-any-return]


def most_kept(count: int, size: int) -> int:
    request = requests.request("reward", "confidence")
    model = build_model(request.model, request.shape, 0).train()
    encoded = model.encode(request.items["transfer"][:1] * count)
    method, weak = load_method("confidence"), torch.tensor([[0.3, 0.7]] * count)
    context = Context(step=50, steps=100, epoch=0, epochs=1, options=2)
    tally = Tally()
    parts = [model.collate(encoded[k : k + size]) for k in range(0, count, size)]
    with torch.autograd.graph.saved_tensors_hooks(tally.pack, tally.unpack):
        by_logits(
            accelerator(CPU, "fp32"),
            model,
            parts,
            CPU,
            lambda net, batch: method.loss(net(batch), weak, batch.mask, context),
        )
    return tally.most


class _Kept:
    def __init__(self, tally: Tally, tensor: Tensor) -> None:
        self.tally, self.tensor = tally, tensor

    def __del__(self) -> None:
        self.tally.now -= self.tensor.nbytes
