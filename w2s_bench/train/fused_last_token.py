"""Of what the last block makes, a classifier looks at the state of each row's last token alone.

So that token alone asks in the block's attention, and goes through its output projection and MLP: of a
transformer of L blocks, 9/12 of one block's products are saved, forward and backward. What is then found at
other tokens is not what the model says, so this is done where last states are asked for, not for a language
loss. Shapes: R rows, T tokens, W width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention as attention
from torch.overrides import TorchFunctionMode

from w2s_bench.train.same_states import Read, same_states

MLP = "mlp"
PROJECTIONS = frozenset({"c_proj", "o_proj", "dense", "out_proj"})  # GPT-2, Llama, GPT-NeoX, GPT-Neo and kin


class Ends(TorchFunctionMode):
    """Which token of each row is looked at ``[R]``, and whether the last block is what computes."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Tensor | None = None
        self.within = False

    def cut(self, module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """A hook before a module: of its input ``[R, T, W]``, what is looked at ``[R, 1, W]``. The block adds
        what comes out to every token of the row, and it is right where it is looked at."""
        return None if self.last is None else (_at(self.last, given[0], 1), *given[1:])

    def enter_block(self, *given: Any) -> None:
        """A hook before the last block."""
        self.within = True

    def leave_block(self, *given: Any) -> None:
        """A hook behind it."""
        self.within = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Causal attention in the last block has a query a row, the same for all its tokens."""
        if func is attention and self.within and self.last is not None:
            return _attention_at(self.last, *args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _at(last: Tensor, states: Tensor, axis: int) -> Tensor:
    """Of states ``[R, …, T, …]`` with tokens along an axis, those at one token of each row, which stays."""
    shape = list(states.shape)
    shape[axis] = 1
    places = last.view(-1, *[1] * (states.ndim - 1)).expand(shape)
    return states.gather(axis, places)


def _attention_at(
    last: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    **how: Any,
) -> Tensor:
    """``[R, heads, T, D]`` of which the last token of each row is right."""
    if attn_mask is not None or not is_causal:
        return attention(query, key, value, attn_mask, dropout_p, is_causal, **how)
    seen = torch.arange(key.shape[2], device=last.device) <= last[:, None, None, None]
    found = attention(_at(last, query, 2), key, value, seen, dropout_p, **how)
    return found.expand(-1, -1, query.shape[2], -1)


@contextmanager
def ends_only(body: nn.Module, whole: Read) -> Iterator[Read]:
    """What gives the last states that ``whole(ids, attention)`` of a transformer's body gives ``[R, W]`` with
    less work, while this holds; ``whole`` itself where they, or what dropout drops, would be others."""
    ends, block = Ends(), last_block(body)

    def read(ids: Tensor, mask: Tensor) -> Tensor:
        ends.last = mask.sum(1) - 1
        try:
            with ends:
                return whole(ids, mask)
        finally:
            ends.last, ends.within = None, False  # a block that runs out of memory is never left

    with ExitStack() as hooks:
        if block is not None:
            hooks.callback(block.register_forward_pre_hook(ends.enter_block).remove)
            hooks.callback(block.register_forward_hook(ends.leave_block).remove)
            for module in behind_attention(block):
                hooks.callback(module.register_forward_pre_hook(ends.cut).remove)
        works = block is not None and same_states(body, whole, read, dropout=True)
        if not works:
            hooks.close()
        yield read if works else whole


def last_block(body: nn.Module) -> nn.Module | None:
    """None where it cannot be told, or where blocks are computed again in the backward pass, in which nobody
    knows any more what is looked at."""
    blocks = next((m for m in body.modules() if isinstance(m, nn.ModuleList) and len(m)), None)
    if blocks is None or any(getattr(m, "gradient_checkpointing", False) for m in body.modules()):
        return None
    return blocks[-1]


def behind_attention(block: nn.Module) -> list[nn.Module]:
    """The output projection of a block and its MLP, as far as they can be told."""
    parts = dict(block.named_children())
    inner = [part.named_children() for name, part in parts.items() if name != MLP]
    projections = [module for children in inner for name, module in children if name in PROJECTIONS]
    return [*projections, *([parts[MLP]] if MLP in parts else [])]
