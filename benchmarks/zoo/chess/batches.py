"""Batches of the pretraining mixture as tensors of a board network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.benchmarks.zoo.chess.fast_board import LAST, MOVE, PROMOTION

Rows = NDArray[np.uint8]


@dataclass(frozen=True)
class Mixture:
    """Arrays of positions by source and each source's share of a batch."""

    rows: Mapping[str, Rows]
    shares: Mapping[str, float]

    def draw(self, size: int, seed: int, step: int) -> Rows:
        """The batch of a step: the same for every size of network, whatever came before it."""
        random = np.random.default_rng([seed, step])
        counts = random.multinomial(size, np.array(list(self.shares.values())))
        chosen = [
            self.rows[s][random.integers(len(self.rows[s]), size=c)]
            for s, c in zip(self.shares, counts, strict=True)
        ]
        return np.concatenate(chosen)


def load(folder: Path, part: str, shares: Mapping[str, float]) -> Mixture:
    """The sources of a mixture, ``part`` being train or validation."""
    return Mixture({s: np.load(folder / f"{s}-{part}.npy") for s in shares}, shares)


def inputs(rows: Rows) -> dict[str, Tensor]:
    """The tensors that ``BoardNet.features`` reads, by name."""
    table = torch.from_numpy(rows).long()
    return {
        "pieces": table[:, :64],
        "castling": table[:, 64],
        "en_passant": table[:, 65],
        "last_from": table[:, LAST],
        "last_to": table[:, LAST + 1],
    }


def targets(rows: Rows) -> tuple[Tensor, Tensor]:
    """From–to index and promotion code (0: none) of the moves played."""
    table = torch.from_numpy(rows).long()
    return table[:, MOVE] * 64 + table[:, MOVE + 1], table[:, PROMOTION]
