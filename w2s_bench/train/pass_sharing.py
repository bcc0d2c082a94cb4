"""Whether two ways to read rows of tokens give the same states: asked of the model itself, by an example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from w2s_bench.train.micro_batches import random_state, set_random_state

Read = Callable[[Tensor, Tensor], Tensor]
CLOSE = 1e-4  # of the largest state
LENGTHS = (3, 7)  # of two rows that are padded to one


@torch.no_grad()
def same_states(body: Any, one: Read, other: Read, *, dropout: bool) -> bool:
    """Whether ``one(ids, attention)`` and ``other(ids, attention)`` agree on two rows of unlike length
    ``[2, T]``; with ``dropout``, also in what they drop. A way that a model does not take is another."""
    device, training = next(body.parameters()).device, body.training
    places = torch.arange(max(LENGTHS), device=device)
    attention = (places < torch.tensor(LENGTHS, device=device)[:, None]).long()
    ids = (places * attention) % int(body.config.vocab_size)
    before = random_state(device)
    body.train(dropout)
    try:
        expected = one(ids, attention)
        set_random_state(device, before)
        found = other(ids, attention)
    except RuntimeError:  # shapes that do not fit
        return False
    finally:
        body.train(training)
        set_random_state(device, before)
    return bool((expected - found).abs().max() <= CLOSE * expected.abs().max())
