"""Text transformers with a head for each domain.

An item becomes one row of tokens (nlp with classes) or one for each option (reward, chess, nlp without
classes). The last real token is located by the attention mask, never by a token id. Shapes: R rows in a
batch, T tokens of the longest, W the width of the hidden states.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from w2s_bench.errors import BadModel
from w2s_bench.model import MASKED, Batch, Model, Shape, option_mask, spread, untrained_scores
from w2s_bench.records import Domain
from w2s_bench.task import Ask, Item

EVERY_DOMAIN: frozenset[Domain] = frozenset({"nlp", "chess", "reward"})
ASKED = 64  # prompts asked at a time without finetuning
CHOICES = 16  # items at a time whose every option is read
GREEDY_TOKENS = 12  # enough for any chess move in UCI or SAN, whatever the tokenizer


def text_model(lm: Any, tokenizer: Any, shape: Shape, name: str) -> Model:
    """A causal language model with a domain's head. Errors: BadModel without a separable base model."""
    if lm.base_model is lm:
        raise BadModel(
            f"{name!r} is no causal language model with a base model of its own",
            expected="an architecture that AutoModelForCausalLM of transformers loads",
        )
    nlp = Classifier if shape.classes else ChoiceModel
    heads: dict[str, Callable[..., Model]] = {"nlp": nlp, "reward": RewardModel, "chess": MoveModel}
    return heads[shape.domain](lm, tokenizer, shape)


@dataclass(frozen=True, slots=True)
class Rows:
    """Token rows of one item, and where the option's own tokens start in each."""

    ids: list[list[int]]
    starts: list[int]


class TextModel(Model):
    """Base of the text models: tokenizing, truncating at the front, padding, hidden states."""

    piece_tokens = 2048

    def __init__(self, lm: Any, tokenizer: Any, shape: Shape) -> None:
        super().__init__()
        self.lm: Any = lm
        self.tokenizer, self.shape = tokenizer, shape
        positions = getattr(lm.config, "max_position_embeddings", None) or shape.max_length
        self.limit = min(shape.max_length, int(positions))

    @abstractmethod
    def encode(self, items: Sequence[Item]) -> list[Rows]:
        """Token rows of the items; text over the limit loses its beginning."""

    def collate(self, encoded: Sequence[Rows]) -> Batch:
        """All rows as ``ids [R, T]``, ``attention [R, T]`` and ``starts [R]``, in the order of the mask."""
        rows = [row for e in encoded for row in e.ids]
        ids = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
        attention = option_mask([len(row) for row in rows]).long()
        starts = torch.tensor([start for e in encoded for start in e.starts])
        return Batch({"ids": ids, "attention": attention, "starts": starts}, self._mask(encoded))

    def _mask(self, encoded: Sequence[Rows]) -> Tensor:
        """The mask ``[B, O]`` with one option for each row of an item."""
        return option_mask([len(e.ids) for e in encoded])

    def length(self, encoded: Rows) -> int:
        """Number of tokens of all rows."""
        return sum(map(len, encoded.ids))

    def last_states(self, batch: Batch) -> Tensor:
        """Hidden states of the rows' last real tokens ``[R, W]``."""
        return by_length(batch.inputs["ids"], batch.inputs["attention"], self._last_states, self.piece_tokens)

    def states(self, batch: Batch) -> Tensor:
        """Last states of the items ``[B, W]``, or of their options ``[B, O, W]``."""
        rows = self.last_states(batch).float()
        if self.shape.classes:
            return rows
        out = rows.new_zeros(*batch.mask.shape, rows.shape[-1])
        out[batch.mask] = rows
        return out

    def _last_states(self, ids: Tensor, attention: Tensor) -> Tensor:
        states = self.lm.base_model(input_ids=ids, attention_mask=attention).last_hidden_state
        return states[torch.arange(len(ids), device=ids.device), attention.sum(1) - 1]

    def language_loss(self, batch: Batch) -> Tensor:
        """Mean next-token cross-entropy over the real tokens of all rows, in nats."""
        ids, attention = batch.inputs["ids"], batch.inputs["attention"]
        total = by_length(ids, attention, self._surprise, self.piece_tokens).sum()
        return total / attention[:, 1:].sum().clamp(min=1)

    def _surprise(self, ids: Tensor, attention: Tensor) -> Tensor:
        """−Σ log p of each row's real tokens but the first ``[R]``; computes logits at real tokens only."""
        states = self.lm.base_model(input_ids=ids, attention_mask=attention).last_hidden_state[:, :-1]
        real = attention[:, 1:].bool()
        logits = self.lm.get_output_embeddings()(states[real]).float()
        losses = nn.functional.cross_entropy(logits, ids[:, 1:][real], reduction="none")
        return torch.zeros_like(real, dtype=losses.dtype).masked_scatter(real, losses).sum(1)

    def _log_likelihoods(self, batch: Batch) -> Tensor:
        """Log-likelihood of every token but the first, given those before it ``[R, T − 1]``."""
        ids, attention = batch.inputs["ids"], batch.inputs["attention"]
        logits = self.lm(input_ids=ids, attention_mask=attention).logits[:, :-1]
        return torch.log_softmax(logits.float(), -1).gather(-1, ids[:, 1:, None]).squeeze(-1)

    def answer_scores(self, batch: Batch) -> Tensor:
        """Σ log p of each option's own tokens ``[B, O]``."""
        place = torch.arange(1, batch.inputs["ids"].shape[1], device=batch.mask.device)
        answer = (place >= batch.inputs["starts"][:, None]) & batch.inputs["attention"][:, 1:].bool()
        return spread((self._log_likelihoods(batch) * answer).sum(1), batch.mask)

    @torch.no_grad()
    def ask(self, prompts: list[str], answers: Sequence[str]) -> Tensor:
        """Log-likelihood of each answer after each prompt ``[N, A]``, before any finetuning."""
        self.eval()
        starts = range(0, len(prompts), ASKED)
        return torch.cat([self._ask(prompts[k : k + ASKED], answers) for k in starts])

    def _ask(self, prompts: list[str], answers: Sequence[str]) -> Tensor:
        """``ask`` of one batch; if all answers are single tokens, each prompt is read only once."""
        device = next(self.parameters()).device
        words = self.tokens([f" {a}" for a in answers])
        if any(len(w) != 1 for w in words):
            rows = self.option_rows([Item(id="", prompt=p, options=tuple(answers)) for p in prompts])
            return self.answer_scores(_answers(self, rows).to(device)).cpu()
        rows = [Rows([ids[-self.limit :] or [self.first_token()]], [0]) for ids in self.tokens(prompts)]
        states = self.last_states(_answers(self, rows).to(device))
        logits = self.lm.get_output_embeddings()(states).float()
        return torch.log_softmax(logits, -1)[:, [w[0] for w in words]].cpu()

    def question(self) -> Ask:
        """The task's question and answers for untrained models. Errors: BadModel without them."""
        if self.shape.ask is None or not self.shape.ask.answers:
            raise BadModel(
                "the task does not say how to ask a model without finetuning it", expected="Task.ask"
            )
        return self.shape.ask

    def tokens(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text, without special tokens."""
        return self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []

    def first_token(self) -> int:
        """The token that replaces an empty prompt."""
        ids = (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id, 0)
        return next(i for i in ids if i is not None)

    def last_token(self) -> int:
        """The token that ends an answer."""
        ids = (self.tokenizer.eos_token_id, self.tokenizer.bos_token_id, 0)
        return next(i for i in ids if i is not None)

    def option_rows(self, items: Sequence[Item], end: Sequence[int] = ()) -> list[Rows]:
        """One row for each option: the prompt, then the option's own tokens and ``end``."""
        prompts = self.tokens([item.prompt for item in items])
        answers = iter(self.tokens([_joined(item, option) for item in items for option in item.options]))
        return [
            self._rows(prompt, [[*next(answers), *end] for _ in item.options])
            for prompt, item in zip(prompts, items, strict=True)
        ]

    def _rows(self, prompt: list[int], answers: list[list[int]]) -> Rows:
        room = max(1, self.limit - max(map(len, answers)))
        prompt = prompt[-room:] or [self.first_token()]
        rows = [(prompt + answer)[-self.limit :] for answer in answers]
        return Rows(rows, [max(1, len(r) - len(a)) for r, a in zip(rows, answers, strict=True)])


class Classifier(TextModel):
    """nlp with classes: a linear head on the last real token, with one output for each class."""

    encodes_by_name = True

    def __init__(self, lm: Any, tokenizer: Any, shape: Shape) -> None:
        super().__init__(lm, tokenizer, shape)
        self.head = zero_head(lm, len(shape.classes), bias=True)

    def encode(self, items: Sequence[Item]) -> list[Rows]:
        """One row for each item."""
        rows = self.tokens([item.prompt for item in items])
        return [Rows([row[-self.limit :] or [self.first_token()]], [0]) for row in rows]

    def _mask(self, encoded: Sequence[Rows]) -> Tensor:
        return torch.ones(len(encoded), len(self.shape.classes), dtype=torch.bool)

    def scores(self, batch: Batch) -> Tensor:
        """Logits of the classes ``[B, O]``."""
        return self.head(self.last_states(batch))

    def zero_shot(self, items: Sequence[Item]) -> Tensor:
        """Log-likelihoods of the classes' answers after each text and the question ``[N, O]``."""
        ask = self.question()
        return self.ask([f"{item.prompt} {ask.question}" for item in items], ask.answers)


class RewardModel(TextModel):
    """reward: one scalar for each completion; softmax over the two is the Bradley–Terry model."""

    encodes_by_name = True

    def __init__(self, lm: Any, tokenizer: Any, shape: Shape) -> None:
        super().__init__(lm, tokenizer, shape)
        self.head = zero_head(lm, 1, bias=False)

    def encode(self, items: Sequence[Item]) -> list[Rows]:
        """One row for each completion, after the shared prompt."""
        return self.option_rows(items)

    def scores(self, batch: Batch) -> Tensor:
        """Rewards of the completions ``[B, O]``."""
        return spread(self.head(self.last_states(batch)).squeeze(-1), batch.mask)

    def zero_shot(self, items: Sequence[Item]) -> Tensor:
        """Log-odds of the good answer after each completion and the question ``[N, O]``."""
        ask = self.question()
        texts = [f"{i.prompt}{_joined(i, o)} {ask.question}" for i in items for o in i.options]
        bad, good = self.ask(texts, ask.answers).unbind(1)
        return _by_option(good - bad, items)


class ChoiceModel(RewardModel):
    """nlp without classes: one scalar for each option after the prompt, softmax over the options."""

    @torch.no_grad()
    def zero_shot(self, items: Sequence[Item]) -> Tensor:
        """Σ log p of each option after prompt and question ``[N, O]``.

        If the task's ``ask`` has answers: their log-odds after each option.
        """
        ask = self.shape.ask or Ask("")
        if ask.answers:
            return super().zero_shot(items)
        asked = [replace(i, prompt=f"{i.prompt} {ask.question}".strip()) for i in items]
        likelihoods = [self._likelihoods(asked[k : k + CHOICES]) for k in range(0, len(asked), CHOICES)]
        return _by_option(torch.cat(likelihoods), items)

    def _likelihoods(self, items: Sequence[Item]) -> Tensor:
        """Σ log p of all options of all items, in order."""
        batch = _answers(self.eval(), self.option_rows(items)).to(next(self.parameters()).device)
        return self.answer_scores(batch)[batch.mask].cpu()


class MoveModel(TextModel):
    """chess: the log-likelihood of each legal move, its end token included, under the language-model head."""

    encodes_by_name = True

    def encode(self, items: Sequence[Item]) -> list[Rows]:
        """One row for each legal move, after the position."""
        return self.option_rows(items, [self.last_token()])

    def scores(self, batch: Batch) -> Tensor:
        """Σ log p of each move's tokens ``[B, O]``."""
        return self.answer_scores(batch)

    @torch.no_grad()
    def zero_shot(self, items: Sequence[Item]) -> Tensor:
        """The scores before training, which need no trained head."""
        return untrained_scores(self, items)

    @torch.no_grad()
    def greedy(self, items: Sequence[Item], device: torch.device) -> list[str] | None:
        """The first word of the greedy continuation of each prompt, up to the end token."""
        return [self._continue(item.prompt, device) for item in items]

    def _continue(self, prompt: str, device: torch.device) -> str:
        room = max(1, self.limit - GREEDY_TOKENS)
        ids = torch.tensor([self.tokens([prompt])[0][-room:] or [self.first_token()]], device=device)
        past, answer = None, []
        for _ in range(GREEDY_TOKENS):
            out = self.lm(input_ids=ids, past_key_values=past, use_cache=True)
            past, ids = out.past_key_values, out.logits[:, -1:].argmax(-1)
            if int(ids) == self.last_token():
                break
            answer.append(int(ids))
        return next(iter(self.tokenizer.decode(answer).split()), "")


def by_length(
    ids: Tensor, attention: Tensor, read: Callable[[Tensor, Tensor], Tensor], tokens: int
) -> Tensor:
    """``read(ids, attention)``, one result for each row ``[R, …]``, on pieces of rows of similar length.

    Pieces have some ``tokens`` (0: the whole batch) and need less padding. On a CPU only: a GPU is faster on
    one large batch, and would have to wait for the lengths.
    """
    if ids.device.type != "cpu" or not tokens:
        return read(ids, attention)
    lengths, order = attention.sum(1).sort()
    rows_at_once = max(1, -(-tokens // ids.shape[1]))
    pieces = [(rows, int(lengths[rows[-1]])) for rows in torch.arange(len(ids)).split(rows_at_once)]
    results = [read(ids[order[rows], :width], attention[order[rows], :width]) for rows, width in pieces]
    return torch.cat(results)[order.argsort()]


def _answers(model: TextModel, rows: Sequence[Rows]) -> Batch:
    """A batch whose mask has one option for each row, whatever head the model has."""
    return Batch(model.collate(rows).inputs, TextModel._mask(model, rows))


def _by_option(values: Tensor, items: Sequence[Item]) -> Tensor:
    """Values of all options of all items as logits ``[N, O]``."""
    mask = option_mask([len(i.options) for i in items])
    return spread(values, mask).masked_fill(~mask, MASKED)


def zero_head(lm: Any, outputs: int, *, bias: bool) -> nn.Linear:
    """A linear head with zero weights, so that all options are equally likely before training."""
    head = nn.Linear(lm.get_input_embeddings().embedding_dim, outputs, bias=bias)
    for parameter in head.parameters():
        nn.init.zeros_(parameter)
    return head


def _joined(item: Item, option: str) -> str:
    """A space between prompt and option, unless the prompt ends with one."""
    return f" {option}" if item.prompt and not item.prompt[-1].isspace() else option
