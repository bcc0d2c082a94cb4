"""How a chess member is pretrained: its sources, its optimizers, its rate."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch.optim import AdamW, Optimizer

from w2s_bench.benchmarks.zoo.muon import Muon
from w2s_bench.models.board import BoardNet

MIXTURE = {"lines": 0.4, "selfplay": 0.35, "tcec": 0.25}
WITHOUT_LINES = {"selfplay": 0.6, "tcec": 0.4}


@dataclass(frozen=True)
class Recipe:
    """One for all sizes: ``positions`` seen, batch size, peak learning rates, the final share that decays."""

    positions: int
    shares: dict[str, float] = field(default_factory=lambda: dict(MIXTURE))
    batch: int = 128
    rate: float = 3e-3
    muon_rate: float = 0.02  # 0: AdamW for everything
    weight_decay: float = 0.02
    warmup_steps: int = 100
    decay: float = 0.6
    masked: bool = True
    seed: int = 1

    @property
    def steps(self) -> int:
        """Number of updates of the weights."""
        return -(-self.positions // self.batch)

    def factor(self, step: int) -> float:
        """Linear warm-up, constant, linear decay to nothing."""
        return min(1.0, (step + 1) / self.warmup_steps, (1 - step / self.steps) / self.decay)

    def network(self, width: int, layers: int) -> BoardNet:
        """Random weights that follow from the seed."""
        torch.manual_seed(self.seed)
        return BoardNet(width, layers)

    def optimizers(self, net: BoardNet) -> list[Optimizer]:
        """Muon for the convolutions, AdamW for the rest."""
        convolutions = [p for n, p in net.named_parameters() if self.muon_rate and p.ndim == 4]
        names = {id(p) for p in convolutions}
        rest = [p for p in net.parameters() if id(p) not in names]
        optimizers: list[Optimizer] = [
            AdamW(rest, lr=self.rate, weight_decay=self.weight_decay, betas=(0.9, 0.98))
        ]
        if convolutions:
            optimizers.append(Muon(convolutions, lr=self.muon_rate, decay=self.weight_decay))
        return optimizers
