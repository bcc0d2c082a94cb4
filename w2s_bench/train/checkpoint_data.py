"""The bytes of a checkpoint, in the format of safetensors, and the state of training that goes into them."""

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
COPIES = 3  # of a checkpoint in memory while it is written: gathered, packed, handed on


class Contents(NamedTuple):
    """What a checkpoint holds: answers and decisions by name in their order, the state of the training that
    was running, and the seconds that the job had taken."""

    entries: list[tuple[str, Tensors]]
    state: Tensors
    seconds: float


def pack(contents: Contents) -> bytes:
    """The bytes of a checkpoint."""
    from safetensors.torch import save

    facts = {
        "versions": _versions(),
        "entries": [name for name, _ in contents.entries],
        "seconds": contents.seconds,
    }
    tensors = {FACTS: torch.frombuffer(bytearray(json.dumps(facts).encode()), dtype=torch.uint8)}
    tensors |= {f"now.{name}": value for name, value in contents.state.items()}
    for k, (_, entry) in enumerate(contents.entries):
        tensors |= {f"entry.{k}.{name}": value for name, value in entry.items()}
    # Copies: weights that a model has under two names share memory, which safetensors refuses.
    return bytes(save({n: v.detach().to("cpu", copy=True).contiguous() for n, v in tensors.items()}))


def unpack(data: bytes) -> Contents | None:
    """What a checkpoint holds; None where other versions wrote it, which may do other things by its names."""
    from safetensors.torch import load

    tensors = dict(sorted(load(data).items()))  # processes that share a fit distribute them in one order
    facts = json.loads(tensors[FACTS].numpy().tobytes())
    if facts.get("versions") != _versions():
        return None
    entries = [(name, below(tensors, f"entry.{k}.")) for k, name in enumerate(facts["entries"])]
    return Contents(entries, below(tensors, "now."), float(facts["seconds"]))


def _versions() -> list[str]:
    return [version("w2s-bench"), version("torch"), str(SCHEMA)]


def below(tensors: Tensors, prefix: str) -> Tensors:
    """Tensors whose names start with the prefix, by the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def digest(values: Sequence[Tensor | None]) -> Tensor:
    """SHA-256 of tensors, as a tensor of 32 bytes."""
    sha = hashlib.sha256()
    for value in values:
        data = b"" if value is None else value.detach().cpu().contiguous().numpy().tobytes()
        sha.update(len(data).to_bytes(8, "big") + data)
    return torch.frombuffer(bytearray(sha.digest()), dtype=torch.uint8)


def stacked(losses: Sequence[Tensor]) -> Tensor:
    """Losses of steps ``[S]``; also of a training without any step."""
    return torch.stack([*losses]) if losses else torch.zeros(0)


def random_tensors(device: torch.device) -> Tensors:
    """The state of PyTorch's random generators."""
    return {f"random.{k}": state for k, state in enumerate(micro_batches.random_state(device))}


def restore_random(device: torch.device, state: Tensors) -> None:
    """Put PyTorch's random generators back to a state."""
    states = below(state, "random.")
    micro_batches.set_random_state(device, [states[name] for name in sorted(states)])


def restore_optimizer(optimizer: Any, states: Tensors) -> None:
    """Put back states named ``number.name``, by an optimizer's numbers of its parameters."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    numbers = sorted({int(name.partition(".")[0]) for name in states})
    whole = optimizer.state_dict()
    whole["state"] = {
        number: {
            name: part_of(value, parameters[number]) for name, value in below(states, f"{number}.").items()
        }
        for number in numbers
    }
    optimizer.load_state_dict(whole)


def fits_in_memory(named: Iterable[tuple[str, Tensor]]) -> bool:
    """Whether the machine has the memory to write a checkpoint; each process that resumes reads it whole."""
    size = sum(value.numel() * value.element_size() for _, value in named)
    return size * (COPIES + world()) <= psutil.virtual_memory().available
