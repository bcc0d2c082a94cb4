"""Last states from less work: the same numbers and gradients, where a model allows it, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from w2s_bench.contract import requests, toys
from w2s_bench.models._text import text_model
from w2s_bench.models.llama import RandomLlama
from w2s_bench.train.fused import FEWEST, fused, in_pieces, small_pieces, tokens_of
from w2s_bench.train.fused_last_token import behind_attention, ends_only, last_block

SMALL = {
    "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "vocab_size": 2048, "max_position_embeddings": 64, "head_dim": 8,
    "pad_token_id": None, "bos_token_id": 0, "eos_token_id": 1,
}  # fmt: skip
GPT2 = {"n_embd": 16, "n_layer": 2, "n_head": 2, "vocab_size": 2048, "n_positions": 64}
STILL = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
OPT = {"hidden_size": 16, "ffn_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 2048,
       "word_embed_proj_dim": 16}  # fmt: skip
BLOOM = {"hidden_size": 16, "n_layer": 2, "n_head": 2, "vocab_size": 2048}
CUT: dict[str, dict[str, Any]] = {
    "gpt2": GPT2 | STILL,
    "llama": SMALL,
    "qwen2": SMALL,
    "qwen3": SMALL,
    "gpt_neox": SMALL,  # attention and MLP side by side
    "gemma2": SMALL,  # norms behind both
    "mixtral": SMALL | {"num_local_experts": 2},
    "bloom": BLOOM,  # adds within the MLP
    "opt": OPT | {"dropout": 0.0},  # no MLP of its own
}
WHOLE: dict[str, dict[str, Any]] = {
    "gpt2": GPT2 | STILL | {"resid_pdrop": 0.1},
    "opt": OPT | {"dropout": 0.1},
}


def model(kind: str, settings: dict[str, Any], domain: Any = "nlp") -> Any:
    torch.manual_seed(0)
    tokenizer = RandomLlama().build("16x1", toys.shape("nlp"), 0).tokenizer  # type: ignore[attr-defined]
    lm = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **settings))
    made: Any = text_model(lm, tokenizer, toys.shape(domain), kind)
    torch.nn.init.normal_(made.head.weight)
    return made.train()


def batch(made: Any, domain: Any = "nlp") -> Any:
    return made.collate(made.encode(requests.request(domain, "naive").items["transfer"][:8]))


def passed(made: Any, given: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """Scores, and gradients of something that every score has a part in."""
    made.zero_grad()
    torch.manual_seed(1)
    scores = made.scores(given)
    scores.square().sum().backward()
    return scores.detach(), {n: p.grad.clone() for n, p in made.named_parameters() if p.grad is not None}


@contextmanager
def less(made: Any) -> Iterator[bool]:
    """Whether there is less work to do, and a model that does it."""
    whole = made._last_states
    with ends_only(made.lm.base_model, whole) as read:
        made._last_states = read
        yield read is not whole
        del made._last_states


def assert_same(one: Any, other: Any) -> None:
    assert torch.allclose(one[0], other[0], atol=1e-5)
    assert one[1].keys() == other[1].keys()
    for name, gradient in one[1].items():
        assert (gradient - other[1][name]).abs().max() <= 1e-4 * gradient.abs().max() + 1e-6, name


@pytest.mark.parametrize("domain", ["nlp", "reward"])
@pytest.mark.parametrize("kind", CUT)
def test_scores_and_gradients_are_the_same(kind: str, domain: Any) -> None:
    made = model(kind, CUT[kind], domain)
    given, seen = batch(made, domain), []
    for part in behind_attention(last_block(made.lm.base_model)):
        part.register_forward_hook(lambda module, inputs, out: seen.append(inputs[0].shape[1]))
    plain = passed(made, given)
    assert 1 not in seen
    with less(made) as works:
        assert works
        seen.clear()
        assert_same(plain, passed(made, given))
        assert set(seen) == {1}
    assert_same(plain, passed(made, given))
    assert not any(m._forward_pre_hooks for m in made.modules())


@pytest.mark.parametrize("kind", WHOLE)
def test_models_that_would_say_something_else_are_left_alone(kind: str) -> None:
    made = model(kind, WHOLE[kind])
    with less(made) as works:
        assert not works
        assert not any(m._forward_pre_hooks for m in made.modules())


def test_an_mlp_that_mixes_tokens_is_noticed() -> None:
    class Mixing(torch.nn.Module):
        def forward(self, states: Tensor) -> Tensor:
            return states.cumsum(1)

    made = model("gpt2", CUT["gpt2"])
    made.lm.base_model.h[-1].mlp = Mixing()
    with less(made) as works:
        assert not works


def test_what_looks_at_every_token_still_does() -> None:
    made = model("gpt2", CUT["gpt2"])
    given = batch(made)
    plain = made.language_loss(given)
    with fused(made):
        made.scores(given)
        assert torch.allclose(made.language_loss(given), plain, atol=1e-5)
    assert "_last_states" not in vars(made)


def test_blocks_that_are_computed_twice_are_left_alone() -> None:
    made = model("gpt2", CUT["gpt2"])
    made.lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    assert last_block(made.lm.base_model) is None


def test_adapters_are_cut_as_what_they_stand_beside() -> None:
    from w2s_bench.suite import Training
    from w2s_bench.train.lora import adapt

    made = adapt(model("llama", CUT["llama"]), Training(lora={"rank": 2}), 0)
    given = batch(made)
    plain = passed(made, given)
    with less(made) as works:
        assert works
        assert_same(plain, passed(made, given))


def test_rows_are_read_in_pieces_of_their_own_width() -> None:
    ids = torch.arange(1, 61).view(6, 10)
    attention = (torch.arange(10) < torch.tensor([2, 3, 3, 5, 9, 10])[:, None]).long()
    seen: list[tuple[int, ...]] = []

    def read(ids: Tensor, attention: Tensor) -> Tensor:
        seen.append(tuple(ids.shape))
        return ids[torch.arange(len(ids)), attention.sum(1) - 1]

    whole = read(ids, attention)
    seen.clear()
    assert torch.equal(in_pieces(read, 20)(ids, attention), whole)
    assert seen == [(2, 3), (2, 5), (2, 10)]
    seen.clear()
    in_pieces(read, 60)(ids, attention)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        in_pieces(read, 20)(ids, attention)
    assert seen == [(6, 10), (6, 10)]


def test_dropout_drops_as_it_did() -> None:
    made = model("gpt2", WHOLE["gpt2"])
    body, whole = made.lm.base_model, made._last_states
    assert small_pieces(body, whole) is whole
    body.eval()
    assert small_pieces(body, whole) is whole, "what counts is how fits are made"


def test_a_block_that_fails_leaves_nothing_behind() -> None:
    made = model("gpt2", CUT["gpt2"])
    given = batch(made)
    plain = passed(made, given)
    with less(made):

        def full(*given: Any) -> None:
            raise torch.OutOfMemoryError("full")

        hook = made.lm.base_model.h[-1].attn.c_proj.register_forward_hook(full)
        with pytest.raises(torch.OutOfMemoryError):
            made.scores(given)
        hook.remove()
        assert_same(plain, passed(made, given))


def test_pieces_of_a_large_model_are_small_ones() -> None:
    def tokens(**size: int) -> int:
        return tokens_of(model("gpt2", CUT["gpt2"] | size).lm.base_model)

    assert tokens() > 100_000 and 2048 < tokens(n_embd=96, n_layer=5) < 4096
    assert tokens(n_embd=256, n_layer=5, n_head=8) == FEWEST
