"""A check on a model itself: whether two ways of reading rows of tokens give the same hidden states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from w2s_bench.train.micro_batches import random_state, set_random_state

Read = Callable[[Tensor, Tensor], Tensor]
TOLERANCE = 1e-4  # as a share of the largest state
LENGTHS = (3, 7)  # of the two example rows, which are padded to one length


@torch.no_grad()
def same_states(body: Any, first: Read, second: Read, *, dropout: bool) -> bool:
    """Whether ``first(ids, attention)`` and ``second(ids, attention)`` agree on two example rows ``[2, T]``.

    ``dropout``: they must also drop the same. False as well where a model cannot be read in one of the ways.
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
