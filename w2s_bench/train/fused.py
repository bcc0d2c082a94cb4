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
from w2s_bench.train.pass_sharing import same_states
from w2s_bench.train.pieces import small_pieces

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
