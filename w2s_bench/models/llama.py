"""llama:WxL — a Llama of width W and L layers from random initialisation, for tests and controls."""

from __future__ import annotations

import re
from pathlib import Path

from w2s_bench.errors import BadModel
from w2s_bench.model import Model, ModelFamily, Shape
from w2s_bench.models._text import EVERY_DOMAIN, text_model

TOKENIZER = Path(__file__).parent / "data" / "tokenizer.json"
HEAD_WIDTH = 16
POSITIONS = 2048
VOCABULARY = 2048


class RandomLlama(ModelFamily):
    """Llamas with random weights. Their gain over a teacher is not weak-to-strong generalization."""

    domains = answers_untrained = EVERY_DOMAIN
    generates = frozenset({"nlp", "reward"})
    usage = "llama:WxL with W a multiple of 16 from 16 to 4096 and L from 1 to 64"

    def check(self, argument: str) -> None:
        _parse(argument)

    def size(self, argument: str) -> int:
        """Parameters of tied embeddings, attention and a gated MLP of four widths."""
        width, layers = _parse(argument)
        return VOCABULARY * width + layers * (4 * width**2 + 3 * width * 4 * width)

    def untrained(self, argument: str) -> str:
        return argument

    def tokenizers(self) -> dict[str, Path]:
        """The shipped tokenizer, which all sizes share."""
        return {"llama": TOKENIZER}

    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """A model with random weights and the shipped tokenizer."""
        from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

        width, layers = _parse(argument)
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(TOKENIZER), bos_token="<s>", eos_token="</s>", pad_token="</s>"
        )
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=width // HEAD_WIDTH,
            num_key_value_heads=width // HEAD_WIDTH,
            max_position_embeddings=POSITIONS,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=None,
        )
        return text_model(LlamaForCausalLM(config), tokenizer, shape, f"llama:{argument}")


def _parse(argument: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{2,4})x(\d{1,2})", argument)
    width, layers = map(int, match.groups()) if match else (0, 0)
    if width % HEAD_WIDTH or not (16 <= width <= 4096 and 1 <= layers <= 64):
        raise BadModel(f"no size {argument!r}", where="model family llama", expected=RandomLlama.usage)
    return width, layers


FAMILY = RandomLlama()
