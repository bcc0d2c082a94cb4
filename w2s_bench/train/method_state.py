"""The state that a method keeps between steps, saved so that a fit can resume in another process.

A checkpoint holds those of a method's attributes that are tensors, numbers and strings. Other state, as in
lists or closures, cannot be restored, so fits of such methods start again.
"""

from __future__ import annotations

import json
from types import MethodType

import torch
from torch import Tensor

from w2s_bench.method import Loss, Method

OPTIONS = "options"  # not saved: they follow from the job
PLAIN = "plain"  # all other attributes, as JSON
TENSOR = "tensor."
_PLAIN_TYPES = (type(None), bool, int, float, str)


def state_of(method: Method) -> dict[str, Tensor] | None:
    """A method's attributes as tensors, by name; None if one has a type that cannot be stored."""
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
    """Set a method's attributes to a stored state; tensors move to the device of the fit."""
    for name in vars(method).keys() - {OPTIONS}:
        delattr(method, name)
    for name, value in json.loads(state[PLAIN].numpy().tobytes()).items():
        setattr(method, name, value)
    for name, value in state.items():
        if name.startswith(TENSOR):
            setattr(method, name.removeprefix(TENSOR), value.clone().to(device))


def resumable(loss: Loss | None, method: Method) -> bool:
    """Whether a fit with this loss may resume from a checkpoint.

    A method's own loss keeps its state in the method's attributes. Any other loss may have hidden state,
    unless the method declares ``stateless_losses``.
    """
    own = loss is None or (isinstance(loss, MethodType) and loss.__self__ is method)
    return own or method.stateless_losses
