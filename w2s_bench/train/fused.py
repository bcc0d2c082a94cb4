"""Faster kernels for recipes with ``fused``; results are equal up to rounding.

They replace GELUs written out in several operations, attention masks that mask nothing a causal model
attends to, unused states of the last block, and padding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention as attention
from torch.overrides import TorchFunctionMode

from w2s_bench.train.fused_last_token import Read, ends_only, same_states

SLOW = frozenset({"NewGELUActivation", "GELUTanh"})  # GELU modules of transformers, without a fused kernel


@contextmanager
def fused(model: Any) -> Iterator[None]:
    """Make the model's passes faster inside the context; leaving it restores the model."""
    with ExitStack() as undo:
        for parent in list(model.modules()):
            for name, child in list(parent.named_children()):
                if type(child).__name__ in SLOW:
                    setattr(parent, name, nn.GELU(approximate="tanh"))
                    undo.callback(setattr, parent, name, child)
        if hasattr(model, "lm"):
            _enter_text(model, undo)
        yield


def _enter_text(model: Any, undo: ExitStack) -> None:
    body = model.lm.base_model
    undo.enter_context(_body(body, mask=not needs_no_mask(body)))
    if hasattr(model, "_last_states"):
        read = undo.enter_context(ends_only(body, model._last_states))
        model._last_states = small_pieces(body, read)
        undo.callback(delattr, model, "_last_states")


@contextmanager
def _body(body: Any, *, mask: bool) -> Iterator[None]:
    """Cache no keys and values, and without ``mask`` pass no attention mask: rows are padded behind their
    end, which a causal model does not attend to."""
    whole, use_cache, single = body.forward, body.config.use_cache, SingleAttention()

    def forward(*given: Any, attention_mask: Tensor | None = None, **named: Any) -> Any:
        masked = {"attention_mask": attention_mask} if mask else {}
        with single:
            return whole(*given, **masked, **named)

    body.forward, body.config.use_cache = forward, False
    try:
        yield
    finally:
        del body.forward
        body.config.use_cache = use_cache


class SingleAttention(TorchFunctionMode):
    """On a CPU, compute half-precision attention in single: its backward pass takes a third of the time."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace attention, and pass all other functions through."""
        if func is attention:
            return _attention(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, *rest: Any, **how: Any
) -> Tensor:
    if query.device.type != "cpu" or query.dtype is not torch.bfloat16:
        return attention(query, key, value, attn_mask, *rest, **how)
    added = attn_mask is not None and attn_mask.is_floating_point()
    mask = attn_mask.float() if attn_mask is not None and added else attn_mask
    with torch.autocast("cpu", enabled=False):
        return attention(query.float(), key.float(), value.float(), mask, *rest, **how).to(query.dtype)


def needs_no_mask(body: Any) -> bool:
    """Whether states at real tokens are the same without a mask; some models derive positions from it."""

    def states(ids: Tensor, attention: Tensor, **mask: Tensor) -> Tensor:
        return body(input_ids=ids, **mask).last_hidden_state[attention.bool()]

    return same_states(body, lambda i, a: states(i, a, attention_mask=a), states, dropout=False)


WORK = 2_000_000_000  # tokens of a piece times parameters
FEWEST = 512  # tokens: in smaller pieces, adding up gradients takes longer than padding


def small_pieces(body: nn.Module, read: Read) -> Read:
    """``read`` in pieces that suit the size of a body, if dropout drops the same states in pieces.

    Models read some 2,000 tokens at once, because a call costs a small model more than padding does. At
    4 million parameters in blocks, pieces of 512 tokens take 5% less time, on a CPU in single precision.
    """
    if same_states(body, read, in_pieces(read, 1), dropout=True):
        return in_pieces(read, tokens_of(body))
    return read


def tokens_of(body: nn.Module) -> int:
    """Tokens of a piece, from the number of parameters other than embeddings, which multiply nothing."""
    tables = {id(p) for m in body.modules() if isinstance(m, nn.Embedding) for p in m.parameters()}
    return max(FEWEST, WORK // max(1, sum(p.numel() for p in body.parameters() if id(p) not in tables)))


def in_pieces(read: Read, tokens: int) -> Read:
    """``read`` applied to consecutive rows of about so many ``tokens``; rows should be sorted by length."""

    def pieces(ids: Tensor, attention: Tensor) -> Tensor:
        rows = -(-tokens // ids.shape[1])
        if rows >= len(ids) or ids.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return read(ids, attention)
        parts = list(zip(ids.split(rows), attention.split(rows), strict=True))
        widths = [int(mask.sum(1).max()) for _, mask in parts]
        return torch.cat([read(i[:, :w], a[:, :w]) for (i, a), w in zip(parts, widths, strict=True)])

    return pieces
