"""The text family: small Llamas pretrained on the generated world, in transformers format.

``python -m w2s_bench.zoo.text OUT WxL TOKENS`` writes weights, tokenizer and card. The items of the
generated NLP tasks are held out of the corpus.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import click
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW, Optimizer

from w2s_bench.world.documents import CONCEPTS, documents
from w2s_bench.world.pools import PREFERENCES, texts
from w2s_bench.zoo.muon import Muon

PAD, END, UNKNOWN = "<pad>", "<eos>", "<unk>"
PROBED = 60_000  # documents whose words make the vocabulary
VALIDATION_ROWS = 256
FIRST_SEED, VALIDATION_SEED = 1_000, 999_999  # of documents, so that no two corpora are one
EVERY = 200  # steps between points of the curve


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
        """Number of updates."""
        return max(1, self.tokens // (self.row * self.batch))

    def factor(self, step: int) -> float:
        """Linear warm-up, constant, linear decay to a fiftieth."""
        return min(1.0, (step + 1) / self.warmup_steps, max(0.02, (1 - step / self.steps) / self.decay))


def tokenizer() -> Any:
    """A token a word of the world, questions and answers included; the same each time."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: k for k, word in enumerate([PAD, END, UNKNOWN, *sorted(_words())])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token=PAD, eos_token=END, unk_token=UNKNOWN)


def _words() -> set[str]:
    words = {word for text in islice(documents(123), PROBED) for word in text.split()}
    for concept in CONCEPTS:
        words.update(" ".join((concept.question, *concept.answers, *concept.name_it)).split())
    for kind in PREFERENCES:
        words.update(" ".join(kind.requests).split())
    return words.union(*(text.split() for text in texts()))


def model(width: int, layers: int, vocabulary: int) -> Any:
    """A Llama with tied embeddings and random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

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


def held_out() -> frozenset[str]:
    """The texts of all generated tasks, and the answers of all pairs."""
    return frozenset(texts())


def rows(vocabulary: dict[str, int], seed: int, held: frozenset[str], length: int) -> Iterator[list[int]]:
    """Rows of ``length + 1`` token ids that begin where a document begins."""
    row: list[int] = []
    for text in documents(seed, held):
        row += [*(vocabulary[word] for word in text.split()), vocabulary[END]]
        if len(row) > length:
            yield row[: length + 1]
            row = []


def optimizers(net: Any, rate: float) -> list[Optimizer]:
    """Muon for the matrices, AdamW for embeddings and norms."""
    named = list(net.named_parameters())
    matrices = [p for name, p in named if p.ndim == 2 and "embed" not in name]
    chosen = {id(p) for p in matrices}
    rest = [p for _, p in named if id(p) not in chosen]
    return [Muon(matrices, lr=rate, decay=0.0), AdamW(rest, lr=rate, betas=(0.9, 0.95), weight_decay=0.0)]


def pretrain(width: int, layers: int, recipe: Recipe, out: Path) -> dict[str, Any]:
    """Train and save one member; returns its card."""
    torch.manual_seed(recipe.seed)
    words = tokenizer()
    vocabulary, held = words.get_vocab(), held_out()
    net = model(width, layers, len(vocabulary))
    began = time.process_time()
    stream = rows(vocabulary, FIRST_SEED + recipe.seed, held, recipe.row)
    curve = _train(net, stream, recipe)
    card = {
        "width": width,
        "layers": layers,
        "parameters": net.num_parameters(),
        "recipe": asdict(recipe),
        "curve": curve,
        "cpu_seconds": round(time.process_time() - began),
        "validation_loss": validate(net, rows(vocabulary, VALIDATION_SEED, held, recipe.row)),
        "licence": "MIT",
    }
    net.save_pretrained(out)
    words.save_pretrained(out)
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n", "utf8")
    return card


def _train(net: Any, stream: Iterator[list[int]], recipe: Recipe) -> list[tuple[int, float]]:
    curve: list[tuple[int, float]] = []
    found = optimizers(net, recipe.rate)
    for step in range(recipe.steps):
        value = loss(net, torch.tensor(list(islice(stream, recipe.batch))))
        net.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        for optimizer in found:
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * recipe.factor(step)
            optimizer.step()
        if step % EVERY == 0 or step + 1 == recipe.steps:
            curve.append((step + 1, round(value.item(), 4)))
            click.echo(f"{step + 1}/{recipe.steps} loss {value.item():.3f}", err=True)
    return curve


def loss(net: Any, ids: Tensor) -> Tensor:
    """Mean next-token cross-entropy of rows ``[B, T + 1]``, in nats."""
    logits = net(input_ids=ids[:, :-1]).logits
    return functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


@torch.no_grad()
def validate(net: Any, stream: Iterator[list[int]]) -> float:
    """Loss on documents of another seed."""
    return float(loss(net.eval(), torch.tensor(list(islice(stream, VALIDATION_ROWS)))))


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.argument("size")
@click.argument("tokens", type=int)
@click.option("--seed", type=int, default=0, show_default=True)
def main(out: Path, size: str, tokens: int, seed: int) -> None:
    """Pretrain a Llama of SIZE (WxL) on TOKENS tokens of the world and save it in OUT."""
    torch.set_num_threads(1)
    width, layers = map(int, size.split("x"))
    card = pretrain(width, layers, Recipe(tokens=tokens, seed=seed), out)
    click.echo(json.dumps({key: card[key] for key in ("parameters", "cpu_seconds", "validation_loss")}))


if __name__ == "__main__":
    main()
