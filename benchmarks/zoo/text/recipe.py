"""How a text member is pretrained: a small Llama, its optimizers, its rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import AdamW, Optimizer

from w2s_bench.benchmarks.zoo.muon import Muon


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """One for all sizes: ``tokens`` in rows of ``row``, peak learning rate, share of steps that decays."""

    tokens: int
    row: int = 64
    batch: int = 32
    rate: float = 1e-2
    warmup_steps: int = 50
    decay: float = 0.6
    seed: int = 0

    @property
    def steps(self) -> int:
        """Number of updates of the weights."""
        return max(1, self.tokens // (self.row * self.batch))

    def factor(self, step: int) -> float:
        """Linear warm-up, constant, linear decay to a fiftieth."""
        return min(1.0, (step + 1) / self.warmup_steps, max(0.02, (1 - step / self.steps) / self.decay))

    def network(self, width: int, layers: int, vocabulary: int) -> Any:
        """A Llama with tied embeddings and random weights that follow from the seed."""
        from transformers import LlamaConfig, LlamaForCausalLM

        torch.manual_seed(self.seed)
        heads = max(1, width // 16)
        config = LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=8 * width // 3,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=heads,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            pad_token_id=0,
            bos_token_id=None,
            eos_token_id=1,
        )
        return LlamaForCausalLM(config)

    def optimizers(self, net: Any) -> list[Optimizer]:
        """Muon for the matrices, AdamW for embeddings and norms."""
        named = list(net.named_parameters())
        matrices = [p for name, p in named if p.ndim == 2 and "embed" not in name]
        chosen = {id(p) for p in matrices}
        rest = [p for _, p in named if id(p) not in chosen]
        return [
            Muon(matrices, lr=self.rate, decay=0.0),
            AdamW(rest, lr=self.rate, betas=(0.9, 0.95), weight_decay=0.0),
        ]
