"""What a method's losses remember from step to step, so that a fit can resume in another process.

A checkpoint holds tensors, numbers and strings among a method's own attributes. State in any other place, as
in a list or in a variable around a loss, cannot be restored: fits of such methods start again.
"""

from __future__ import annotations

import json
from types import MethodType

import torch
from torch import Tensor

from w2s_bench.method import Loss, Method

OPTIONS = "options"  # follow from the job
PLAIN = "plain"  # all attributes that are no tensors, as JSON
TENSOR = "tensor."
_PLAIN_TYPES = (type(None), bool, int, float, str)


def state_of(method: Method) -> dict[str, Tensor] | None:
    """What a method's attributes hold now, by name; None where one is of a kind that cannot be stored."""
    attributes = {name: value for name, value in vars(method).items() if name != OPTIONS}
    plain = {name: value for name, value in attributes.items() if type(value) in _PLAIN_TYPES}
    tensors = {TENSOR + name: value for name, value in attributes.items() if isinstance(value, Tensor)}
    if len(plain) + len(tensors) < len(attributes):
        return None
    text = bytearray(json.dumps(plain).encode())
    return {PLAIN: torch.frombuffer(text, dtype=torch.uint8)} | {
        name: value.detach().clone() for name, value in tensors.items()
    }


def restore_state(method: Method, state: dict[str, Tensor], device: torch.device) -> None:
    """Give a method's attributes what they held. Tensors come to the device of the fit."""
    for name in [name for name in vars(method) if name != OPTIONS]:
        delattr(method, name)
    for name, value in json.loads(state[PLAIN].numpy().tobytes()).items():
        setattr(method, name, value)
    for name, value in state.items():
        if name.startswith(TENSOR):
            setattr(method, name.removeprefix(TENSOR), value.clone().to(device))


def resumable(loss: Loss | None, method: Method) -> bool:
    """Whether a fit with this loss may resume from a checkpoint.

    A method's own loss keeps its state in the method's attributes, which checkpoints hold. Any other loss may
    keep state that nobody sees, unless the method declares ``stateless_losses``.
    """
    own = loss is None or (isinstance(loss, MethodType) and loss.__self__ is method)
    return own or method.stateless_losses
