"""A training run's state in one safetensors file: weights, optimizers, progress."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer


@dataclass
class Progress:
    """Steps done, CPU seconds spent, and the curve: (tokens or positions, training loss) now and then."""

    step: int = 0
    seconds: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list)


def store(path: Path, key: str, net: nn.Module, optimizers: Sequence[Optimizer], progress: Progress) -> None:
    """Write under another name, then rename: a reader never sees half a file."""
    tensors = {f"net.{k}": v.detach().contiguous() for k, v in net.named_parameters()}  # tied ones once
    for number, optimizer in enumerate(optimizers):
        for weight, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{weight}.{k}": v.contiguous() for k, v in state.items()}
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"key": key, "progress": json.dumps(asdict(progress))})
    os.replace(partial, path)


def restore(path: Path, key: str, net: nn.Module, optimizers: Sequence[Optimizer]) -> Progress:
    """Load what :func:`store` wrote into ``net`` and ``optimizers``.

    A fresh start where there is no file, or one of another run: ``key`` tells recipe and data.
    """
    if not path.exists():
        return Progress()
    with safe_open(path, "pt") as file:
        about = file.metadata()
        if about["key"] != key:
            return Progress()
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    with torch.no_grad():
        for name, weight in net.named_parameters():
            weight.copy_(tensors[f"net.{name}"])
    for number, optimizer in enumerate(optimizers):
        _restore_optimizer(optimizer, f"optimizer.{number}.", tensors)
    return Progress(**json.loads(about["progress"]))


def _restore_optimizer(optimizer: Optimizer, prefix: str, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith(prefix):
            weight, key = name.removeprefix(prefix).split(".")
            state.setdefault(int(weight), {})[key] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
