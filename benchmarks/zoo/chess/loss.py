"""The pretraining loss: the move played, among the moves a piece could make."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from w2s_bench.benchmarks.zoo.chess.batches import Rows, inputs, targets
from w2s_bench.benchmarks.zoo.chess.pseudo_legal import INDEX, PAIRS, reachable
from w2s_bench.models.board import BoardNet

UNREACHABLE = -1e4


def logits(net: BoardNet, rows: Rows, masked: bool = True) -> Tensor:
    """Logits of the from–to pairs of :data:`PAIRS` ``[B, 1792]``, in single precision; the network runs in
    bfloat16."""
    x = inputs(rows)
    with torch.autocast("cpu", torch.bfloat16):
        pairs = net.from_to(net.features(x)).index_select(1, PAIRS).float()
    return pairs.masked_fill(~reachable(x["pieces"]), UNREACHABLE) if masked else pairs


def loss(net: BoardNet, rows: Rows, masked: bool = True) -> Tensor:
    """Cross-entropy of the from–to pair, and of the piece where a pawn promotes (mean over positions)."""
    move, code = targets(rows)
    total = cross_entropy(logits(net, rows, masked), INDEX[move])
    promoting = code > 0
    if promoting.any():
        pieces = net.promotion[1:].expand(int(promoting.sum()), -1)
        total = total + cross_entropy(pieces, code[promoting] - 1, reduction="sum") / len(rows)
    return total


@torch.no_grad()
def centre_promotions(net: BoardNet) -> None:
    """Let the four promotions of a from–to pair share its probability instead of multiplying it."""
    net.promotion[1:] -= net.promotion[1:].logsumexp(0)


@torch.no_grad()
def validate(net: BoardNet, batches: Iterable[Rows]) -> dict[str, float]:
    """Mean loss and accuracy of from–to pairs among reachable moves."""
    count, nats, right = 0, 0.0, 0
    for rows in batches:
        scores, move = logits(net, rows), INDEX[targets(rows)[0]]
        count += len(rows)
        nats += cross_entropy(scores, move, reduction="sum").item()
        right += int((scores.argmax(1) == move).sum())
    return {"loss": round(nats / count, 4), "accuracy": round(right / count, 4)}
