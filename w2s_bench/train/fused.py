"""Faster kernels for the same sums, where a recipe has ``fused``: results are equal but for rounding.

What models of transformers compute with several operations that PyTorch has as one; an attention mask, where
it masks nothing that a causal model looks at; states of the last block that nobody looks at; padding; one
kernel for AdamW.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention as attention
from torch.overrides import TorchFunctionMode

from w2s_bench.train.fused_last_token import ends_only
from w2s_bench.train.same_states import Read, same_states

SLOW = frozenset({"NewGELUActivation", "GELUTanh"})  # of transformers: the tanh form, written out


@contextmanager
def fused(model: Any) -> Iterator[None]:
    """While this holds, the model's passes take the faster way; afterwards it is as it was."""
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
    """No keys and values are kept for a token to come; where rows need no ``mask``, none is made: they are
    padded behind their end, where a causal model does not look."""
    whole, kept, way = body.forward, body.config.use_cache, SingleAttention()

    def forward(*given: Any, attention_mask: Tensor | None = None, **named: Any) -> Any:
        masked = {"attention_mask": attention_mask} if mask else {}
        with way:
            return whole(*given, **masked, **named)

    body.forward, body.config.use_cache = forward, False
    try:
        yield
    finally:
        del body.forward
        body.config.use_cache = kept


class SingleAttention(TorchFunctionMode):
    """On a CPU, attention of half precision is computed in single: its backward pass takes a third of the
    time."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Attention by way of single precision; all else as it is."""
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
    """Whether states at real tokens are the same without a mask: some models make positions or biases of
    it."""

    def states(ids: Tensor, attention: Tensor, **mask: Tensor) -> Tensor:
        return body(input_ids=ids, **mask).last_hidden_state[attention.bool()]

    return same_states(body, lambda i, a: states(i, a, attention_mask=a), states, dropout=False)


WORK = 2_000_000_000  # tokens of a piece times parameters
FEWEST = 512  # tokens: below, adding up the gradients of pieces takes longer than padding


# Models read a batch in pieces of some 2,000 tokens, since a call costs a small model more than the padding
# of its rows does. For a large one it is the other way round: at 4 million parameters in blocks, pieces of
# 512 tokens take 5% less time. On a CPU in single precision only; elsewhere larger products gain more.
def small_pieces(body: nn.Module, read: Read) -> Read:
    """``read`` in pieces that are right for the size of a body, where dropout drops the same in pieces as in
    whole."""
    if same_states(body, read, in_pieces(read, 1), dropout=True):
        return in_pieces(read, tokens_of(body))
    return read


def tokens_of(body: nn.Module) -> int:
    """How many tokens a piece has: embeddings only look up, so matrices of the others count."""
    tables = {id(p) for m in body.modules() if isinstance(m, nn.Embedding) for p in m.parameters()}
    return max(FEWEST, WORK // max(1, sum(p.numel() for p in body.parameters() if id(p) not in tables)))


def in_pieces(read: Read, tokens: int) -> Read:
    """``read(ids, attention)``, one result a row ``[R, …]``, on consecutive rows of so many tokens or a row
    more; rows should come by length."""

    def pieces(ids: Tensor, attention: Tensor) -> Tensor:
        rows = -(-tokens // ids.shape[1])
        if rows >= len(ids) or ids.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return read(ids, attention)
        parts = list(zip(ids.split(rows), attention.split(rows), strict=True))
        widths = [int(mask.sum(1).max()) for _, mask in parts]
        return torch.cat([read(i[:, :w], a[:, :w]) for (i, a), w in zip(parts, widths, strict=True)])

    return pieces
