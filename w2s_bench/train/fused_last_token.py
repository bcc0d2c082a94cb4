"""Compute the last block of a transformer at each row's last token only, for heads that read no other.

Only that token queries the block's attention and passes its output projection and MLP, which saves 9/12 of
one block's products, forward and backward. The states of other tokens become wrong, so a language loss
cannot use this. Shapes: R rows, T tokens, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention as attention
from torch.overrides import TorchFunctionMode

from w2s_bench.train.micro_batches import random_state, set_random_state

Read = Callable[[Tensor, Tensor], Tensor]  # from token ids and attention mask ``[R, T]`` to states ``[R, W]``
TOLERANCE = 1e-4  # between two ways of reading, as a share of the largest state
LENGTHS = (3, 7)  # of the two example rows of same_states
MLP = "mlp"
PROJECTIONS = frozenset({"c_proj", "o_proj", "dense", "out_proj"})  # GPT-2, Llama, GPT-NeoX, GPT-Neo and kin


class Ends(TorchFunctionMode):
    """Hooks that reduce the last block to token ``last [R]`` of each row. ``within``: the block runs."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Tensor | None = None
        self.within = False

    def cut(self, module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Before a module: reduce its input ``[R, T, W]`` to ``[R, 1, W]``. The block adds the output to all
        tokens of the row, which is right at the last one."""
        return None if self.last is None else (_at(self.last, given[0], 1), *given[1:])

    def enter_block(self, *given: Any) -> None:
        """Note that the last block starts (a forward pre-hook)."""
        self.within = True

    def leave_block(self, *given: Any) -> None:
        """Note that the last block has ended (a forward hook)."""
        self.within = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """In the last block, replace causal attention by that of one query for each row."""
        if func is attention and self.within and self.last is not None:
            return _attention_at(self.last, *args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _at(last: Tensor, states: Tensor, axis: int) -> Tensor:
    """The states ``[R, …, 1, …]`` at token ``last [R]`` of each row; ``axis`` is that of the tokens."""
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
    """Attention ``[R, heads, T, D]`` that is right at the last token of each row."""
    if attn_mask is not None or not is_causal:
        return attention(query, key, value, attn_mask, dropout_p, is_causal, **how)
    seen = torch.arange(key.shape[2], device=last.device) <= last[:, None, None, None]
    output = attention(_at(last, query, 2), key, value, seen, dropout_p, **how)
    return output.expand(-1, -1, query.shape[2], -1)


@contextmanager
def ends_only(body: nn.Module, whole: Read) -> Iterator[Read]:
    """A cheaper way to read the last states that ``whole`` reads ``[R, W]``, valid in this context.

    ``whole`` itself if the results, or the states that dropout drops, would differ.
    """
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
    """The last block; None if there is no list of blocks, or if gradient checkpointing recomputes blocks in
    the backward pass, where ``last`` is no longer known."""
    blocks = next((m for m in body.modules() if isinstance(m, nn.ModuleList) and len(m)), None)
    if blocks is None or any(getattr(m, "gradient_checkpointing", False) for m in body.modules()):
        return None
    return blocks[-1]


def behind_attention(block: nn.Module) -> list[nn.Module]:
    """The output projection of a block and its MLP, as far as their names are known."""
    parts = dict(block.named_children())
    inner = [part.named_children() for name, part in parts.items() if name != MLP]
    projections = [module for children in inner for name, module in children if name in PROJECTIONS]
    return [*projections, *([parts[MLP]] if MLP in parts else [])]


@torch.no_grad()
def same_states(body: Any, first: Read, second: Read, *, dropout: bool) -> bool:
    """Whether two ways of reading give the same hidden states on two example rows ``[2, T]``.

    ``dropout``: they must also drop the same states. False if one of them raises for this model.
    """
    device, training = next(body.parameters()).device, body.training
    positions = torch.arange(max(LENGTHS), device=device)
    attention = (positions < torch.tensor(LENGTHS, device=device)[:, None]).long()
    ids = (positions * attention) % int(body.config.vocab_size)
    before = random_state(device)
    body.train(dropout)
    try:
        expected = first(ids, attention)
        set_random_state(device, before)
        states = second(ids, attention)
    except RuntimeError:  # shapes that do not fit
        return False
    finally:
        body.train(training)
        set_random_state(device, before)
    return bool((expected - states).abs().max() <= TOLERANCE * expected.abs().max())
