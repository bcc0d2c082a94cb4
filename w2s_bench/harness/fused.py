"""Faster kernels for the same sums, where a recipe has ``fused``: results are equal but for rounding.

What models of transformers compute with several operations that PyTorch has as one; an attention mask, where
it masks nothing that a causal model looks at; one kernel for AdamW.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

SLOW = frozenset({"NewGELUActivation", "GELUTanh"})  # of transformers: the tanh form, written out
CLOSE = 1e-4  # between last states with and without a mask
PROBE = (3, 7)  # lengths of two rows that are padded to one


@contextmanager
def fused(model: Any) -> Iterator[None]:
    """While this holds, the model's passes take the faster way; afterwards it is as it was."""
    with ExitStack() as undo:
        for parent in list(model.modules()):
            for name, child in list(parent.named_children()):
                if type(child).__name__ in SLOW:
                    setattr(parent, name, nn.GELU(approximate="tanh"))
                    undo.callback(setattr, parent, name, child)
        body = getattr(getattr(model, "lm", None), "base_model", None)
        if body is not None and needs_no_mask(body):
            undo.enter_context(_without_mask(body))
        yield


@contextmanager
def _without_mask(body: Any) -> Iterator[None]:
    """Rows are padded behind their end, where a causal model does not look: there a mask changes nothing."""
    whole = body.forward

    def forward(*given: Any, attention_mask: Tensor | None = None, **named: Any) -> Any:
        return whole(*given, **named)

    body.forward = forward
    try:
        yield
    finally:
        del body.forward


@torch.no_grad()
def needs_no_mask(body: Any) -> bool:
    """Whether last states at real tokens are the same without a mask: asked of the model itself, since some
    make positions or biases of it."""
    device, training = next(body.parameters()).device, body.training
    places = torch.arange(max(PROBE), device=device)
    attention = (places < torch.tensor(PROBE, device=device)[:, None]).long()
    ids = (places * attention) % int(body.config.vocab_size)
    body.eval()
    try:
        masked = body(input_ids=ids, attention_mask=attention).last_hidden_state
        bare = body(input_ids=ids).last_hidden_state
    finally:
        body.train(training)
    apart = (masked - bare).abs()[attention.bool()].max()
    return bool(apart <= CLOSE * masked.abs().max())
