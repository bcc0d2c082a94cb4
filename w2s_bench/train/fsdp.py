"""Fits sharded over several processes with accelerate's FSDP: each holds a part of every parameter.

Every process runs the whole job with the same seed; there is no second fit loop. What is sharded: parameters,
gradients and optimizer states, and of each batch the forward and backward passes of its items. The logits are
gathered, so that every process computes the loss of the whole batch, which a method may make of all its items
at once, and gets the gradient that a single process would. Models without transformer blocks are fitted whole
in every process. Shapes: B items, O options, R rows, P processes.
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

BLOCKS = "_no_split_modules"  # where transformers names the classes of a model's blocks


def world() -> int:
    """How many processes share this one's fits; 1 where it is alone."""
    return dist.get_world_size() if dist.is_initialized() else 1


def first() -> bool:
    """Whether this process is the one that stores what a job made."""
    return not dist.is_initialized() or dist.get_rank() == 0


def on_rank(
    rank: int, size: int, meeting: str, device: str, function: Callable[..., Any], *arguments: Any
) -> Any:
    """Call a function in process ``rank`` of ``size``; only the first returns its value.

    The processes find each other by the file ``meeting`` and communicate over 127.0.0.1 and, on GPUs, NVLink.
    """
    if not dist.is_initialized():
        _join(rank, size, meeting, device)
    value = function(*arguments)
    return value if rank == 0 else None


def _join(rank: int, size: int, meeting: str, device: str) -> None:
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(size),
        LOCAL_WORLD_SIZE=str(size),
        GLOO_SOCKET_IFNAME=loopback,
        NCCL_SOCKET_IFNAME=loopback,
    )
    on_gpu = device.startswith("cuda")
    if on_gpu:
        torch.cuda.set_device(rank)
    dist.init_process_group(
        "nccl" if on_gpu else "gloo", init_method=f"file://{meeting}", rank=rank, world_size=size
    )


def place(model: nn.Module, device: torch.device) -> nn.Module:
    """The model on the device, or where it is if FSDP is to bring each process its part."""
    return model if world() > 1 and _blocks(model) else model.to(device)


def shard(accelerate: Any) -> Any:
    """The same accelerator, whose ``prepare`` shards a model over the processes."""
    from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

    plain = accelerate.prepare

    def prepare(model: Any, optimizer: Any) -> tuple[Any, Any]:
        blocks = _blocks(model)
        if not blocks:
            return model, optimizer
        # Accelerate itself offers FSDP on accelerators alone; on a CPU over gloo it does the same.
        accelerate.state.distributed_type = DistributedType.FSDP
        accelerate.state.fsdp_plugin = FullyShardedDataParallelPlugin(
            fsdp_version=2,
            auto_wrap_policy="transformer_based_wrap",
            transformer_cls_names_to_wrap=blocks,
            cpu_ram_efficient_loading=False,
            mixed_precision_policy=_precision(accelerate.mixed_precision),
        )
        model.lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        # Pieces follow from a process's own rows, but all processes must call the model equally often.
        model.piece_tokens = 0
        net, optimizer = plain(model, optimizer)
        if not hasattr(model, "_sharded"):
            model._sharded = _Sharded(model)
        return net, optimizer

    accelerate.prepare = prepare
    return accelerate


def _precision(name: str) -> Any:
    """Passes in bf16 where asked; sums of gradients, and whatever a model makes single, stay single."""
    from torch.distributed.fsdp import MixedPrecisionPolicy

    if name == "no":
        return MixedPrecisionPolicy()
    return MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)


def _blocks(model: nn.Module) -> list[str]:
    """Names of the classes of a transformer's blocks, as they are now; none for other models."""
    named = set(getattr(getattr(model, "lm", None), BLOCKS, None) or ())
    classes = {type(m).__name__ for m in model.modules()}
    return sorted(name for name in classes if name.removeprefix("FSDP") in named)


class _Sharded:
    """Hooks that give each process its items of a batch, and every process the logits of all."""

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
        """This process's items of the batch; the last is repeated where they cannot be split evenly."""
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
        """The mean over all tokens of the batch: each process's mean, weighted by its number of tokens."""
        mine = torch.arange(len(batch.mask)).tensor_split(world())[dist.get_rank()]
        own = take(batch, mine if len(mine) else torch.zeros(1, dtype=torch.long))
        tokens = own.inputs["attention"][:, 1:].sum() if len(mine) else 0
        share = tokens / batch.inputs["attention"][:, 1:].sum().clamp(min=1)
        return _Gather.apply((self.language(own) * share)[None]).sum()


class _Gather(torch.autograd.Function):
    """Rows of all processes; backwards each takes its own.

    FSDP takes the mean of gradients over processes, where their sum is needed: hence the factor.
    """

    @staticmethod
    def forward(context: Any, own: Tensor) -> Tensor:
        """``[R, …]`` of each to ``[P·R, …]``."""
        rows = [torch.empty_like(own) for _ in range(world())]
        dist.all_gather(rows, own)
        return torch.cat(rows)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        """This process's rows."""
        return gradient.chunk(world())[dist.get_rank()] * world()


def take(batch: Batch, items: Tensor) -> Batch:
    """Some items of a batch, in that order; inputs have a row an item, or a row an option of each item."""
    rows = len(next(iter(batch.inputs.values())))
    size = len(batch.mask)
    counts = torch.ones(size, dtype=torch.long) if rows == size else batch.mask.sum(1).cpu()
    starts = counts.cumsum(0) - counts
    chosen = torch.cat([torch.arange(int(counts[i])) + starts[i] for i in items])
    inputs = {name: values[chosen.to(values.device)] for name, values in batch.inputs.items()}
    return Batch(inputs, batch.mask[items.to(batch.mask.device)])


def trained(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Names and values of the parameters that take gradients, whole, on the CPU. All processes must call."""
    for name, value in model.named_parameters():
        if value.requires_grad:
            yield name, whole(value).detach().float().cpu()


def agreed(mine: bool, device: torch.device) -> bool:
    """The first process's value, in all of them. All processes must call."""
    if world() == 1:
        return mine
    value = torch.tensor([mine], dtype=torch.uint8, device=device)
    dist.broadcast(value, 0)
    return bool(value)


def whole(value: Tensor) -> Tensor:
    """All of a tensor of which each process may hold a part. All processes must call."""
    part: Any = value
    if not hasattr(part, "full_tensor"):
        return value
    full: Tensor = part.to(part.device_mesh.device_type).full_tensor()
    return full


def everywhere(mine: Sequence[bool], device: torch.device) -> list[bool]:
    """Which of several conditions hold in all processes. All processes must call."""
    if world() == 1 or not mine:
        return list(mine)
    values = torch.tensor(mine, dtype=torch.int32, device=device)
    dist.all_reduce(values, dist.ReduceOp.MIN)
    return [bool(value) for value in values.tolist()]


def gathered(named: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """Tensors by name, whole, for the first process; nothing for the others. All processes must call.

    Sharded tensors are brought together one by one, into the host's memory.
    """
    if world() == 1:
        return dict(named)
    tensors = {}
    for name, value in named:
        full = whole(value)
        if first():
            tensors[name] = full.detach().cpu()
    return tensors


def part_of(value: Tensor, like: Tensor) -> Tensor:
    """Of a whole tensor, the part that this process holds of another one of the same shape. All processes
    must call."""
    if not hasattr(like, "full_tensor") or hasattr(value, "full_tensor") or value.shape != like.shape:
        return value
    from torch.distributed.tensor import distribute_tensor

    sharded: Any = like
    mesh = sharded.device_mesh
    return distribute_tensor(value.to(mesh.device_type), mesh, sharded.placements)


def load_into(model: nn.Module, weights: Mapping[str, Tensor], *, strict: bool = True) -> None:
    """Put weights, whole ones or this process's parts, into a model that may be sharded."""
    state = model.state_dict()
    parts = {name: part_of(value, state[name]) if name in state else value for name, value in weights.items()}
    model.load_state_dict(parts, strict=strict)
