"""Fits sharded over several processes with accelerate's FSDP: each holds a part of every parameter.

Every process runs the whole job with the same seed, through the same fit loop. Parameters, gradients and
optimizer states are sharded, and so are the items of each batch. The logits are gathered, so that every
process computes the loss of the whole batch. Models without transformer blocks are fitted whole in every
process. Shapes: B items, O options, R rows, P processes.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from w2s_bench.model import Batch

BLOCKS = "_no_split_modules"  # attribute of transformers models: class names of the blocks


def world() -> int:
    """Number of processes that share a fit; 1 for an unsharded one."""
    return dist.get_world_size() if dist.is_initialized() else 1


def first() -> bool:
    """Whether this is the process that stores a job's result."""
    return not dist.is_initialized() or dist.get_rank() == 0


def on_rank(
    rank: int, size: int, meeting: str, device: str, function: Callable[..., Any], *arguments: Any
) -> Any:
    """Call a function in process ``rank`` of ``size``; only the first process returns its value.

    The processes find each other through the file ``meeting`` and communicate over the loopback interface.
    """
    if not dist.is_initialized():
        _join(rank, size, meeting, device)
    value = function(*arguments)
    return value if rank == 0 else None


def _join(rank: int, size: int, meeting: str, device: str) -> None:
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
    os.environ |= dict.fromkeys(("RANK", "LOCAL_RANK"), str(rank))
    os.environ |= dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), str(size))
    os.environ |= dict.fromkeys(("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"), loopback)
    on_gpu = device.startswith("cuda")
    if on_gpu:
        torch.cuda.set_device(rank)
    dist.init_process_group(
        "nccl" if on_gpu else "gloo", init_method=f"file://{meeting}", rank=rank, world_size=size
    )


def place(model: nn.Module, device: torch.device) -> nn.Module:
    """Move the model to the device, unless FSDP will move each process's part."""
    return model if world() > 1 and _blocks(model) else model.to(device)


def shard(accelerate: Any) -> Any:
    """The same accelerator, whose ``prepare`` shards a model over the processes."""
    from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
    from torch.distributed.fsdp import MixedPrecisionPolicy

    plain, single = accelerate.prepare, MixedPrecisionPolicy()
    half = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)

    def prepare(model: Any, optimizer: Any) -> tuple[Any, Any]:
        blocks = _blocks(model)
        if not blocks:
            return model, optimizer
        # Set by hand, because accelerate enables FSDP on accelerators only; it works on a CPU over gloo too.
        accelerate.state.distributed_type = DistributedType.FSDP
        accelerate.state.fsdp_plugin = FullyShardedDataParallelPlugin(
            fsdp_version=2,
            auto_wrap_policy="transformer_based_wrap",
            transformer_cls_names_to_wrap=blocks,
            cpu_ram_efficient_loading=False,
            mixed_precision_policy=single if accelerate.mixed_precision == "no" else half,
        )
        model.lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        # No pieces: their number depends on a process's rows, but all must call the model equally often.
        model.piece_tokens = 0
        net, optimizer = plain(model, optimizer)
        if not hasattr(model, "_sharded"):
            model._sharded = _Sharded(model)
        return net, optimizer

    accelerate.prepare = prepare
    return accelerate


def _blocks(model: nn.Module) -> list[str]:
    """Class names of a transformer's blocks, with FSDP's prefix once sharded; none for other models."""
    named = set(getattr(getattr(model, "lm", None), BLOCKS, None) or ())
    classes = {type(m).__name__ for m in model.modules()}
    return sorted(name for name in classes if name.removeprefix("FSDP") in named)


class _Sharded:
    """Hooks that give each process its items of a batch and gather the logits of all."""

    def __init__(self, model: Any) -> None:
        from torch.distributed.fsdp import register_fsdp_forward_method

        self.sizes: list[int] = []  # of the batches whose logits are to be gathered
        self.language = model.language_loss
        model.register_forward_pre_hook(self.before)
        model.register_forward_hook(self.after)
        model.language_loss = self.language_loss
        for name in ("language_loss", "greedy"):  # the other ways into the model
            register_fsdp_forward_method(model, name)

    def before(self, model: nn.Module, given: tuple[Batch]) -> tuple[Batch]:
        """This process's items of the batch; the last is repeated if they do not split evenly."""
        (batch,) = given
        size = len(batch.mask)
        self.sizes.append(size)
        each = -(-size // world())
        mine = torch.arange(each) + each * dist.get_rank()
        return (take(batch, mine.clamp(max=size - 1)),)

    def after(self, model: nn.Module, given: Any, own: Tensor) -> Tensor:
        """Logits of the whole batch ``[B, O]``."""
        return _Gather.apply(own.contiguous())[: self.sizes.pop()]

    def language_loss(self, batch: Batch) -> Tensor:
        """Mean over all tokens of the batch: the processes' means, weighted by their numbers of tokens."""
        mine = torch.arange(len(batch.mask)).tensor_split(world())[dist.get_rank()]
        own = take(batch, mine if len(mine) else torch.zeros(1, dtype=torch.long))
        tokens = own.inputs["attention"][:, 1:].sum() if len(mine) else 0
        share = tokens / batch.inputs["attention"][:, 1:].sum().clamp(min=1)
        return _Gather.apply((self.language(own) * share)[None]).sum()


class _Gather(torch.autograd.Function):
    """Gather rows of all processes; in the backward pass each process takes its own.

    FSDP averages gradients over processes where their sum is needed; hence the factor in ``backward``.
    """

    @staticmethod
    def forward(context: Any, own: Tensor) -> Tensor:
        """From ``[R, …]`` in each process to ``[P·R, …]`` in all."""
        rows = [torch.empty_like(own) for _ in range(world())]
        dist.all_gather(rows, own)
        return torch.cat(rows)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        """This process's rows of the gradient, times the number of processes."""
        return gradient.chunk(world())[dist.get_rank()] * world()


def take(batch: Batch, items: Tensor) -> Batch:
    """Some items of a batch, in that order; inputs have one row for each item, or for each of its options."""
    rows = len(next(iter(batch.inputs.values())))
    size = len(batch.mask)
    counts = torch.ones(size, dtype=torch.long) if rows == size else batch.mask.sum(1).cpu()
    starts = counts.cumsum(0) - counts
    chosen = torch.cat([torch.arange(int(counts[i])) + starts[i] for i in items])
    inputs = {name: values[chosen.to(values.device)] for name, values in batch.inputs.items()}
    return Batch(inputs, batch.mask[items.to(batch.mask.device)])


def trained(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Names and values of the trained parameters, whole, on the CPU. All processes must call this."""
    for name, value in model.named_parameters():
        if value.requires_grad:
            yield name, whole(value).detach().float().cpu()


def agreed(mine: bool, device: torch.device) -> bool:
    """The first process's value. All processes must call this."""
    if world() == 1:
        return mine
    value = torch.tensor([mine], dtype=torch.uint8, device=device)
    dist.broadcast(value, 0)
    return bool(value)


def whole(value: Tensor) -> Tensor:
    """The whole of a tensor that may be sharded. All processes must call this."""
    part: Any = value
    if not hasattr(part, "full_tensor"):
        return value
    full: Tensor = part.to(part.device_mesh.device_type).full_tensor()
    return full


def everywhere(mine: Sequence[bool], device: torch.device) -> list[bool]:
    """Which of several conditions hold in all processes. All processes must call this."""
    if world() == 1 or not mine:
        return list(mine)
    values = torch.tensor(mine, dtype=torch.int32, device=device)
    dist.all_reduce(values, dist.ReduceOp.MIN)
    return [bool(value) for value in values.tolist()]


def gathered(named: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """Whole tensors by name, on the CPU, in the first process only. All processes must call this."""
    if world() == 1:
        return dict(named)
    tensors = {}
    for name, value in named:
        full = whole(value)
        if first():
            tensors[name] = full.detach().cpu()
    return tensors


def part_of(value: Tensor, like: Tensor) -> Tensor:
    """This process's part of a whole tensor, sharded like another one. All processes must call this."""
    if not hasattr(like, "full_tensor") or hasattr(value, "full_tensor") or value.shape != like.shape:
        return value
    from torch.distributed.tensor import distribute_tensor

    sharded: Any = like
    mesh = sharded.device_mesh
    return distribute_tensor(value.to(mesh.device_type), mesh, sharded.placements)


def load_into(model: nn.Module, weights: Mapping[str, Tensor], *, strict: bool = True) -> None:
    """Load weights, whole or this process's parts, into a model that may be sharded."""
    state = model.state_dict()
    parts = {name: part_of(value, state[name]) if name in state else value for name, value in weights.items()}
    model.load_state_dict(parts, strict=strict)
