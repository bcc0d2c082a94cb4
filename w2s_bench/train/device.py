"""The device of a fit: auto, cpu, cuda or mps. Importing this module touches no CUDA."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from w2s_bench.errors import UserError
from w2s_bench.train.fsdp import shard, world


def pick(device: str) -> torch.device:
    """The device of that name; ``auto`` takes CUDA, then MPS, then the CPU. Errors: UserError."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if available[name])
    if not available.get(device.partition(":")[0], False):
        raise UserError(
            f"device {device!r} is not available on this machine",
            expected="one of " + ", ".join(n for n, works in available.items() if works),
            mend="choose it with --device",
        )
    return torch.device(device)


def accelerator(device: torch.device, precision: str) -> Accelerator:
    """An accelerator for one fit. Its state is global to the process, so that of the last fit is reset."""
    AcceleratorState._reset_state(reset_partial_state=True)
    if device.type == "cuda" and device.index is not None:
        torch.cuda.set_device(device)  # the accelerator takes the current device
    mixed = "bf16" if precision == "bf16" else "no"
    plain = Accelerator(cpu=device.type == "cpu", mixed_precision=mixed)
    return shard(plain) if world() > 1 else plain


def name(device: torch.device) -> str:
    """The device's name in records: its type, or the product name of a GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
