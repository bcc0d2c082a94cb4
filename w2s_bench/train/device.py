"""One device setting: auto, cpu, cuda, mps. Nothing here runs at import, so no CUDA is touched by it."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from w2s_bench.errors import UserError
from w2s_bench.train.fsdp import spread, world

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick(device: str) -> torch.device:
    """The device of that name; ``auto`` takes CUDA, then MPS, then the CPU."""
    have = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if have[name])
    if not have.get(device.partition(":")[0], False):
        raise UserError(
            f"device {device!r} is not available on this machine",
            expected="one of " + ", ".join(n for n, there in have.items() if there),
            mend="choose it with --device",
        )
    return torch.device(device)


def accelerator(device: torch.device, precision: str) -> Accelerator:
    """An accelerator for one fit. Its state is global to the process, so the last fit's is dropped first."""
    AcceleratorState._reset_state(reset_partial_state=True)
    if device.type == "cuda" and device.index is not None:
        torch.cuda.set_device(device)  # it takes the current device, whatever batches are sent to
    made = Accelerator(cpu=device.type == "cpu", mixed_precision="bf16" if precision == "bf16" else "no")
    return spread(made) if world() > 1 else made


def name(device: torch.device) -> str:
    """For records: the type, and the product where it is a GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
