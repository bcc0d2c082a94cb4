"""Faster ways of computing the same: equal but for rounding, undone after a fit, in keys only where set."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention as attention

from w2s_bench.contract import requests, toys
from w2s_bench.contract.fits import fit_labels
from w2s_bench.method import load_method
from w2s_bench.model import build_model
from w2s_bench.models._text import text_model
from w2s_bench.models.llama import RandomLlama
from w2s_bench.suite import Training
from w2s_bench.train.fused import SLOW, SingleAttention, fused, needs_no_mask
from w2s_bench.train.predict import predict

CPU = torch.device("cpu")
WAYS: list[dict[str, Any]] = [
    {"fused": True},
    {"checkpointing": True},
    {"fused": True, "checkpointing": True},
]


def gpt2() -> Any:
    """A model whose activation is written out in Python."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    tokenizer = RandomLlama().build("16x1", toys.shape("nlp"), 0).tokenizer  # type: ignore[attr-defined]
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=64, n_embd=16, n_layer=2, n_head=2,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
    )  # fmt: skip
    return text_model(GPT2LMHeadModel(config), tokenizer, toys.shape("nlp"), "gpt2")


def fitted(model: Any, domain: Any = "nlp", **ways: Any) -> tuple[list[float], Any]:
    request = requests.request(domain, "naive")
    training = Training(**request.training | ways)
    encoded = model.encode(request.items["transfer"])
    losses = fit_labels(
        model, encoded, request.labels["transfer"], load_method("naive"), training, 0, CPU, options=2
    )
    return list(chain(*losses)), predict(model, encoded, CPU)


@pytest.mark.parametrize("ways", WAYS)
def test_a_fit_is_the_same_but_for_rounding(ways: dict[str, Any]) -> None:
    plain, faster = fitted(gpt2()), fitted(gpt2(), **ways)
    assert faster[0] == pytest.approx(plain[0], abs=1e-4) and len(set(plain[0])) > 2
    assert np.allclose(faster[1], plain[1], atol=1e-3)


def test_fits_in_half_precision_are_the_same_but_for_its_rounding() -> None:
    plain, faster = fitted(gpt2(), precision="bf16"), fitted(gpt2(), precision="bf16", fused=True)
    assert faster[0] == pytest.approx(plain[0], abs=1e-2)
    assert np.allclose(faster[1], plain[1], atol=2e-2)


def test_attention_of_half_precision_is_computed_in_single_on_a_cpu() -> None:
    torch.manual_seed(0)
    rows = [torch.randn(2, 2, 50, 8).bfloat16().requires_grad_() for _ in range(3)]
    single = [r.float() for r in rows]
    causal = torch.ones(50, 50, dtype=torch.bool).tril()
    hidden = torch.zeros(50, 50).masked_fill(~causal, -torch.inf)
    ways: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"is_causal": True}, {"is_causal": True}),
        ({"attn_mask": causal}, {"attn_mask": causal}),
        ({"attn_mask": hidden.bfloat16()}, {"attn_mask": hidden}),
    ]
    for how, exactly in ways:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = attention(*rows, **how)
            with SingleAttention():
                found = attention(*rows, **how)
                named = attention(query=rows[0], key=rows[1], value=rows[2], **how)
        exact = attention(*single, **exactly).bfloat16()
        assert torch.equal(found, exact) and torch.equal(found, named) and not torch.equal(half, exact)
        mine, theirs = (torch.autograd.grad(one.float().square().sum(), rows) for one in (found, exact))
        assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("name", ["board:8x1", "bow"])
def test_models_without_a_transformer_take_the_settings_too(name: str) -> None:
    domain: Any = "chess" if name.startswith("board") else "nlp"
    found = [
        fitted(build_model(name, requests.request(domain, "naive").shape, 0), domain, **ways)
        for ways in ({}, {"fused": True, "checkpointing": True, "batching": "shuffled"})
    ]
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-3)


def test_kernels_are_exchanged_within_and_as_they_were_after() -> None:
    model = gpt2()
    before = [type(m).__name__ for m in model.modules()]
    assert SLOW.intersection(before)
    with fused(model):
        inside = [type(m).__name__ for m in model.modules()]
        assert not SLOW.intersection(inside) and "GELU" in inside
        assert "forward" in vars(model.lm.base_model)
    assert [type(m).__name__ for m in model.modules()] == before
    assert "forward" not in vars(model.lm.base_model)


def test_a_model_that_needs_its_mask_keeps_it() -> None:
    class Body(nn.Module):
        """Looks at the rows' ends, so padding shows."""

        def __init__(self) -> None:
            super().__init__()
            self.config = type("Config", (), {"vocab_size": 50})
            self.table = nn.Embedding(50, 4)

        def forward(self, input_ids: Any, attention_mask: Any = None) -> Any:
            mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
            states = self.table(input_ids) * mask[..., None]
            return type("Out", (), {"last_hidden_state": states + states.sum(1, keepdim=True)})

    assert not needs_no_mask(Body()) and needs_no_mask(gpt2().lm.base_model)


def test_settings_are_in_keys_only_where_they_are_set() -> None:
    plain = Training()
    for name, value in {
        "batching": "length", "tokens_per_batch": 4096, "fused": True, "checkpointing": True,
    }.items():  # fmt: skip
        assert name not in plain.for_key()
        assert plain.model_copy(update={name: value}).for_key()[name] == value
