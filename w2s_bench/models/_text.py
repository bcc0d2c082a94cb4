"""What every text transformer shares: tokenized rows, and a head for each domain.

An item becomes one row of tokens (nlp) or one row an option (reward, chess). The state of the last
real token is found by the attention mask, never by a token id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from w2s_bench.errors import BadModel
from w2s_bench.model import Batch, Model, Shape
from w2s_bench.task import Item

GREEDY_TOKENS = 12  # enough for any chess move in UCI or SAN, whatever the tokenizer


@dataclass(frozen=True, slots=True)
class Rows:
    """Token rows of one item; ``answer_from`` is where the option's own tokens start in each row."""

    ids: list[list[int]]
    answer_from: list[int]


class TextModel(Model):
    """A causal transformer with the head that a domain asks for.

    nlp: a linear classification head on the last real token. reward: a scalar head for each completion.
    chess: the log-likelihood of each whole move under the language-model head.
    """

    def __init__(self, lm: nn.Module, tokenizer: Any, shape: Shape) -> None:
        super().__init__()
        self.lm, self.tokenizer, self.shape = lm, tokenizer, shape
        width = lm.get_input_embeddings().embedding_dim  # type: ignore[operator]
        self.generates = shape.domain == "chess"
        self.head: nn.Linear | None = None
        if not self.generates:
            self.head = _head(width, shape)
        self.limit = _limit(lm, shape.max_length)

    def encode(self, items: Sequence[Item]) -> list[Rows]:
        """Token rows; text over the limit loses its beginning, never its end and never the item."""
        prompts = self._ids([i.prompt for i in items])
        if self.shape.domain == "nlp":
            return [Rows([p[-self.limit :] or [0]], [0]) for p in prompts]
        texts = [self._joined(i, o) for i in items for o in i.options]
        answers = iter(self._ids(texts))
        return [self._rows(p, [next(answers) for _ in i.options])
                for p, i in zip(prompts, items, strict=True)]

    def _joined(self, item: Item, option: str) -> str:
        return " " + option if item.prompt and not item.prompt[-1].isspace() else option

    def _rows(self, prompt: list[int], answers: list[list[int]]) -> Rows:
        keep = max(1, self.limit - max(map(len, answers)))
        prompt = prompt[-keep:] or [self._start()]
        rows = [(prompt + a)[-self.limit :] for a in answers]
        return Rows(rows, [len(r) - min(len(a), len(r) - 1) for r, a in zip(rows, answers, strict=True)])

    def _start(self) -> int:
        start = self.tokenizer.bos_token_id
        return start if start is not None else (self.tokenizer.eos_token_id or 0)

    def _ids(self, texts: list[str]) -> list[list[int]]:
        return self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []

    def collate(self, encoded: Sequence[Rows]) -> Batch:
        """Rows of all items stacked ``[R, T]``, with the (item, option) place of each."""
        rows = [r for e in encoded for r in e.ids]
        width = max(map(len, rows))
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        attention = torch.zeros(len(rows), width, dtype=torch.long)
        for k, row in enumerate(rows):
            ids[k, : len(row)] = torch.tensor(row)
            attention[k, : len(row)] = 1
        places = [(b, o) for b, e in enumerate(encoded) for o in range(len(e.ids))]
        options = len(self.shape.classes) if self.shape.domain == "nlp" else max(len(e.ids) for e in encoded)
        mask = torch.zeros(len(encoded), options, dtype=torch.bool)
        if self.shape.domain == "nlp":
            mask[:] = True
        else:
            mask[tuple(torch.tensor(places).T)] = True
        start = torch.tensor([s for e in encoded for s in e.answer_from])
        return Batch({"ids": ids, "attention": attention, "start": start}, mask)

    def scores(self, batch: Batch) -> Tensor:
        """Logits ``[B, O]``."""
        ids, attention = batch.inputs["ids"], batch.inputs["attention"]
        if self.generates:
            rows = self._likelihood(ids, attention, batch.inputs["start"])
        else:
            states = self.lm.base_model(input_ids=ids, attention_mask=attention).last_hidden_state
            last = attention.sum(1) - 1
            assert self.head is not None
            rows = self.head(states[torch.arange(len(ids), device=ids.device), last])
            if self.shape.domain == "nlp":
                return rows
            rows = rows.squeeze(-1)
        return torch.zeros(batch.mask.shape, dtype=rows.dtype, device=rows.device).masked_scatter(
            batch.mask, rows)

    def _likelihood(self, ids: Tensor, attention: Tensor, start: Tensor) -> Tensor:
        """Σ log p of each row's option tokens, ``[R]``."""
        logits = self.lm(input_ids=ids, attention_mask=attention).logits[:, :-1]
        logp = torch.log_softmax(logits.float(), -1).gather(-1, ids[:, 1:, None]).squeeze(-1)
        place = torch.arange(1, ids.shape[1], device=ids.device)
        answer = (place >= start[:, None]) & attention[:, 1:].bool()
        return (logp * answer).sum(1)

    def length(self, encoded: Rows) -> int:
        """Tokens of all rows."""
        return sum(map(len, encoded.ids))

    @torch.no_grad()
    def greedy(self, items: Sequence[Item], device: torch.device) -> list[str] | None:
        """Greedy continuation of each prompt up to the first white space after it (chess only)."""
        return [self._continue(i.prompt, device) for i in items] if self.generates else None

    def _continue(self, prompt: str, device: torch.device) -> str:
        ids = self._ids([prompt])[0][-(self.limit - GREEDY_TOKENS) :] or [self._start()]
        tokens = torch.tensor([ids], device=device)
        past, answer = None, []
        for _ in range(GREEDY_TOKENS):
            out = self.lm(input_ids=tokens, past_key_values=past, use_cache=True)
            past, tokens = out.past_key_values, out.logits[:, -1:].argmax(-1)
            answer.append(int(tokens))
        words = self.tokenizer.decode(answer).split()
        return words[0] if words else ""


def _head(width: int, shape: Shape) -> nn.Linear:
    """A zero head: before training every option is as likely as any other, whatever the body says."""
    nlp = shape.domain == "nlp"
    head = nn.Linear(width, len(shape.classes) if nlp else 1, bias=nlp)
    for parameter in head.parameters():
        nn.init.zeros_(parameter)
    return head


def _limit(lm: nn.Module, asked: int) -> int:
    positions = getattr(lm.config, "max_position_embeddings", None) or asked
    return min(asked, int(positions))


def last_hidden_works(lm: nn.Module, name: str) -> None:
    """Raise BadModel for an architecture without a base model that returns hidden states."""
    if lm.base_model is lm:
        raise BadModel(f"{name!r} is no causal language model with a separable base model",
                       expected="a transformers architecture that AutoModelForCausalLM loads")
