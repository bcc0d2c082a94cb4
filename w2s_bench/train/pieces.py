"""Rows of like length, read a few at a time: less of what is read is padding.

Families read a batch in pieces of some 2,000 tokens, since a small model's call costs more than the padding
of its rows. That of a large one does not: at 4 million parameters in blocks, pieces of 512 tokens take 5%
less time. On a CPU and in single precision alone: otherwise larger products gain more than padding costs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from w2s_bench.train.pass_sharing import Read, same_states

WORK = 2_000_000_000  # tokens of a piece times parameters
FEWEST = 512  # tokens: below, adding up the gradients of pieces takes longer than padding


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
