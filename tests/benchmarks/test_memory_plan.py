"""The memory plan of docs/how-to/scale.md: parameters as transformers counts them, tables as printed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from w2s_bench.benchmarks.speed.memory_plan import (
    GB,
    QWEN,
    Decoder,
    Node,
    Work,
    grid,
    memory,
    seconds,
    tables,
)

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "scale.md"


def built(model: Decoder) -> Qwen2ForCausalLM:
    """The model itself, without memory for its weights."""
    config = Qwen2Config(
        hidden_size=model.width,
        num_hidden_layers=model.layers,
        num_attention_heads=model.heads,
        num_key_value_heads=model.kv_heads,
        intermediate_size=model.hidden,
        vocab_size=model.vocabulary,
        tie_word_embeddings=model.tied,
    )
    with torch.device("meta"):
        return Qwen2ForCausalLM(config)


@pytest.mark.parametrize("model", (QWEN[0], QWEN[-1]), ids=lambda m: m.name)
def test_parameters_are_those_of_transformers(model: Decoder) -> None:
    found = built(model)
    assert sum(p.numel() for p in found.parameters()) == model.parameters
    linear = [m for n, m in found.named_modules() if isinstance(m, torch.nn.Linear) and "lm_head" not in n]
    assert model.adapters(16) == 16 * sum(m.in_features + m.out_features for m in linear)


def test_the_page_shows_what_the_formulas_give() -> None:
    page = PAGE.read_text("utf8")
    assert tables() in page


def test_the_arithmetic_of_the_page() -> None:
    """The sums that docs/how-to/scale.md writes out for 32B."""
    big, node, work = QWEN[-1], Node(), Work()
    full, lora = (memory(big, way, node, work) for way in ("full", "lora"))
    assert (full["parameters"] + full["gradients"] + full["optimizer"]) * 8 == 16 * big.parameters
    assert lora["parameters"] == full["parameters"] and lora["optimizer"] < 0.2 * GB
    assert sum(memory(big, "full", Node(gpus=4), work).values()) > node.memory, "four GPUs do not do"
    answer = seconds(big, "full", node, work, work.test)
    assert answer == pytest.approx(2_048_000 / 14_790 + 512_000 / 44_369 + 120, rel=1e-3)
    assert grid(QWEN[:3], big, "full", node, work)["fits"] == 22 * 3 * (3 + 1 + 3 * 2)
