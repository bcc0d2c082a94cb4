"""The bytes of a checkpoint, a safetensors file, and the state of training that goes into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import psutil
import torch
from torch import Tensor

from w2s_bench.train import micro_batches
from w2s_bench.train.fsdp import part_of, world

Tensors = dict[str, Tensor]
SCHEMA = 2
FACTS = "facts"
COPIES = 3  # in memory while a checkpoint is written: gathered, packed, sent


class Contents(NamedTuple):
    """A checkpoint: named answers and decisions in order, the state of the training, seconds so far."""

    entries: list[tuple[str, Tensors]]
    state: Tensors
    seconds: float


def pack(contents: Contents) -> bytes:
    """The checkpoint as bytes of a safetensors file."""
    from safetensors.torch import save

    names = [name for name, _ in contents.entries]
    facts = {"versions": _versions(), "entries": names, "seconds": contents.seconds}
    tensors = {FACTS: torch.frombuffer(bytearray(json.dumps(facts).encode()), dtype=torch.uint8)}
    tensors |= {f"now.{name}": value for name, value in contents.state.items()}
    for k, (_, entry) in enumerate(contents.entries):
        tensors |= {f"entry.{k}.{name}": value for name, value in entry.items()}
    # Copied, because tied weights share memory, which safetensors refuses.
    return bytes(save({n: v.detach().to("cpu", copy=True).contiguous() for n, v in tensors.items()}))


def unpack(data: bytes) -> Contents | None:
    """The contents of a checkpoint; None if other versions of the libraries wrote it."""
    from safetensors.torch import load

    tensors = dict(sorted(load(data).items()))  # sharded fits need one order in all processes
    facts = json.loads(tensors[FACTS].numpy().tobytes())
    if facts.get("versions") != _versions():
        return None
    entries = [(name, below(tensors, f"entry.{k}.")) for k, name in enumerate(facts["entries"])]
    return Contents(entries, below(tensors, "now."), float(facts["seconds"]))


def _versions() -> list[str]:
    return [version("w2s-bench"), version("torch"), str(SCHEMA)]


def below(tensors: Tensors, prefix: str) -> Tensors:
    """Tensors whose names start with the prefix, by names without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def digest(values: Sequence[Tensor | None]) -> Tensor:
    """SHA-256 of tensors, as a tensor of 32 bytes."""
    sha = hashlib.sha256()
    for value in values:
        data = b"" if value is None else value.detach().cpu().contiguous().numpy().tobytes()
        sha.update(len(data).to_bytes(8, "big") + data)
    return torch.frombuffer(bytearray(sha.digest()), dtype=torch.uint8)


def stacked(losses: Sequence[Tensor]) -> Tensor:
    """Losses of steps as one tensor ``[S]``, which may be empty."""
    return torch.stack([*losses]) if losses else torch.zeros(0)


def random_tensors(device: torch.device) -> Tensors:
    """The state of PyTorch's random generators, by name."""
    return {f"random.{k}": state for k, state in enumerate(micro_batches.random_state(device))}


def restore_random(device: torch.device, state: Tensors) -> None:
    """Restore the random generators from :func:`random_tensors`."""
    states = below(state, "random.")
    micro_batches.set_random_state(device, [states[name] for name in sorted(states)])


def restore_optimizer(optimizer: Any, states: Tensors) -> None:
    """Restore states named ``number.name``, where the number is that of a parameter in the optimizer."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    by_number: dict[int, Tensors] = {int(name.partition(".")[0]): {} for name in states}
    for number in sorted(by_number):
        own = below(states, f"{number}.")
        by_number[number] = {name: part_of(value, parameters[number]) for name, value in own.items()}
    optimizer.load_state_dict(optimizer.state_dict() | {"state": by_number})


def fits_in_memory(named: Iterable[tuple[str, Tensor]]) -> bool:
    """Whether memory suffices to write a checkpoint, and for each process that resumes to read it whole."""
    size = sum(value.numel() * value.element_size() for _, value in named)
    return size * (COPIES + world()) <= psutil.virtual_memory().available
