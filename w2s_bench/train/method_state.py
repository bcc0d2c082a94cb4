"""What a loss remembers from step to step, so that a fit can go on in another process.

A diary can keep tensors, numbers and strings among a method's own attributes. What a loss remembers in any
other way, as in a list or in a variable around it, it cannot: such a method's fits begin anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dis import get_instructions
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor

from w2s_bench.method import Loss, Method

OPTIONS = "options"  # follow from the job
PLAIN = "plain"  # whatever is no tensor, as JSON
_CONSTANT = (type(None), bool, int, float, str)


def memory_of(method: Method) -> dict[str, Tensor] | None:
    """What a method's attributes hold now, by name; None where one is of no kind that can be kept."""
    held = {name: value for name, value in vars(method).items() if name != OPTIONS}
    plain = {name: value for name, value in held.items() if type(value) in _CONSTANT}
    tensors = {f"tensor.{name}": value for name, value in held.items() if isinstance(value, Tensor)}
    if len(plain) + len(tensors) < len(held):
        return None
    told = bytearray(json.dumps(plain).encode())
    return {PLAIN: torch.frombuffer(told, dtype=torch.uint8)} | {
        name: value.detach().clone() for name, value in tensors.items()
    }


def bring_back(method: Method, memory: dict[str, Tensor], device: torch.device) -> None:
    """Give a method's attributes what they held. Tensors come to the device of the fit."""
    for name in [name for name in vars(method) if name != OPTIONS]:
        delattr(method, name)
    for name, value in json.loads(memory[PLAIN].numpy().tobytes()).items():
        setattr(method, name, value)
    for name, value in memory.items():
        if name.startswith("tensor."):
            setattr(method, name.removeprefix("tensor."), value.clone().to(device))


def forgets(loss: Loss | None, method: Method) -> bool:
    """Whether a loss remembers nothing but in its method's attributes."""
    if loss is None or (isinstance(loss, MethodType) and loss.__self__ is method):
        return True
    return (
        isinstance(loss, FunctionType)
        and not _writes(loss)
        and all(type(value) in _CONSTANT or value is method for value in _holds(loss))
    )


def _writes(function: FunctionType) -> bool:
    """Whether it gives new values to variables around it."""
    code = function.__code__
    return any(
        step.opname == "STORE_GLOBAL" or (step.opname == "STORE_DEREF" and step.argval in code.co_freevars)
        for step in get_instructions(code)
    )


def _holds(function: FunctionType) -> Iterator[Any]:
    """What it reads of variables around it, and what its parameters are where they are not given."""
    yield from (cell.cell_contents for cell in function.__closure__ or ())
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
