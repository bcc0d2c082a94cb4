"""Models and texts of the speed table: random GPT-2 models on synthetic texts of 78 tokens on average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from w2s_bench.model import Model, Shape
from w2s_bench.models._text import text_model
from w2s_bench.models.llama import RandomLlama
from w2s_bench.task import Item

MEAN, SPREAD, LONGEST = 78, 0.6, 256  # tokens: lengths are log-normal
SHAPE = Shape(domain="nlp", classes=("no", "yes"), max_length=LONGEST)


@dataclass(frozen=True, slots=True)
class Size:
    """A model's name (its number of parameters), width and layers, and the number of texts to train on."""

    name: str
    width: int
    layers: int
    items: int


SIZES = (Size("0.1M", 32, 3, 1024), Size("0.8M", 96, 5, 512), Size("4.7M", 256, 5, 192))
LARGE = (Size("10M", 320, 7, 2048), Size("125M", 768, 12, 1024), Size("1B", 2048, 19, 256))  # for a GPU


def build(size: Size) -> Model:
    """A classifier over a GPT-2 without dropout, the same each time."""
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = RandomLlama().build("16x1", SHAPE, 0).tokenizer  # type: ignore[attr-defined]
    torch.manual_seed(0)
    shape = {"n_embd": size.width, "n_layer": size.layers, "n_head": max(1, size.width // 32)}
    no_dropout = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=LONGEST, **shape, **no_dropout)
    return text_model(GPT2LMHeadModel(config), tokenizer, SHAPE, size.name)


def texts(count: int, model: Any) -> tuple[list[Item], np.ndarray]:
    """Items and one-hot labels ``[N, 2]``; lengths in words, and so roughly in tokens, are log-normal."""
    rng = np.random.default_rng(0)
    lengths = np.exp(rng.normal(np.log(MEAN) - SPREAD**2 / 2, SPREAD, count)).clip(8, LONGEST).astype(int)
    words = [f" {word}" for word in ("the", "and", "was", "not", "had", "with", "she", "him", "out", "all")]
    items = [
        Item(id=str(k), prompt="".join(rng.choice(words, n)), options=SHAPE.classes)
        for k, n in enumerate(lengths)
    ]
    return items, np.eye(2, dtype=np.float32)[rng.integers(0, 2, count)]


def flops(size: Size, tokens: int) -> float:
    """FLOPs of training on a number of tokens: 6 for each parameter of the blocks."""
    return 6.0 * tokens * size.layers * 12 * size.width**2
