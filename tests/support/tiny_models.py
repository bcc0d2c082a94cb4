"""Folders of tiny transformers with random weights."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from w2s_bench.models import zoo
from w2s_bench.models.hf import load


def tiny_gpt2(folder: Path) -> Path:
    """Random weights, tied embeddings, no dropout, with the tokenizer of the shipped models."""
    _, tokenizer = load(str(zoo.folder("text/16x1")))
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=64, n_embd=16, n_layer=2, n_head=2,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    torch.manual_seed(0)
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
