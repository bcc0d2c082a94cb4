"""Text models: which state a head reads, what truncation drops, whole-move likelihoods, free decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import chess
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from w2s_bench.contract import toys
from w2s_bench.method import cross_entropy
from w2s_bench.model import MASKED, build_model
from w2s_bench.models._text import (
    GREEDY_TOKENS,
    ChoiceModel,
    Classifier,
    MoveModel,
    RewardModel,
    TextModel,
    by_length,
)
from w2s_bench.records import Domain
from w2s_bench.task import Ask, Item
from w2s_bench.train.predict import predict

CPU = torch.device("cpu")
torch.set_num_threads(1)  # these products are too small to share: threads would wait for each other
PAD = "<s>"  # token 0, which also fills the batch where the attention mask is 0
LONG = "although the room was dark , the bed was clean and the host was very kind to us . "


def built(domain: Domain, max_length: int = toys.MAX_LENGTH, name: str = "llama:16x2") -> TextModel:
    """A model whose head and body both say something."""
    model = build_model(name, replace(toys.shape(domain), max_length=max_length), seed=0)
    assert isinstance(model, TextModel)
    toys.stir(model, scale=0.1)
    return model


@torch.no_grad()
def logits(model: TextModel, items: Sequence[Item]) -> Tensor:
    return model(model.collate(model.encode(items)))


@pytest.mark.parametrize(
    "prompt", ["the show was good", f"the show was good {PAD}", PAD, f"{PAD} good {PAD}{PAD}"]
)
def test_batch_mates_do_not_change_a_classification(prompt: str) -> None:
    model = built("nlp")
    item = toys.text_item(prompt)
    alone = logits(model, [item])[0]
    for mates in ([LONG], [LONG * 4, "no"], ["no", PAD * 9]):
        together = logits(model, [*map(toys.text_item, mates), item])[-1]
        assert torch.allclose(together, alone, atol=1e-5)


def test_a_pad_token_in_the_text_is_read() -> None:
    model = built("nlp")
    assert model.tokens([PAD]) == [[0]]
    one, two = logits(model, [toys.text_item("the show was good"), toys.text_item(f"the show was good{PAD}")])
    assert not torch.allclose(one, two, atol=1e-3), "the last real token is the pad token here, and it counts"


def test_the_head_reads_the_last_real_token() -> None:
    model = built("nlp")
    assert isinstance(model, Classifier)
    texts = ["the soup was cold .", LONG, f"the end {PAD}"]
    together = logits(model, [toys.text_item(t) for t in texts])
    for row, text in zip(together, texts, strict=True):
        ids = torch.tensor(model.tokens([text]))
        with torch.no_grad():
            states = model.lm.base_model(input_ids=ids).last_hidden_state
            assert torch.allclose(row, model.head(states[0, -1]), atol=1e-5)
            assert not torch.allclose(row, model.head(states[0, -2]), atol=1e-3)


@pytest.mark.parametrize("limit", [8, 13, 40])
def test_truncation_drops_the_front_of_a_text(limit: int) -> None:
    model = built("nlp", limit)
    (ids,) = model.tokens([LONG * 5])
    items = [toys.text_item(LONG * 5), toys.text_item("no .")]
    long, short = model.encode(items)
    assert long.ids == [ids[-limit:]]
    assert short.ids == model.tokens(["no ."])
    kept = model.collate([long, short]).inputs["attention"].sum(1).tolist()
    assert kept == [limit, len(short.ids[0])], "no item is dropped"


@pytest.mark.parametrize("limit", [8, 12, 25])
def test_truncation_keeps_both_completions_whole(limit: int) -> None:
    model = built("reward", limit)
    item = toys.text_item(LONG * 3 + ":", ("it was good", "no"))
    (rows,) = model.encode([item])
    prompt, good, bad = model.tokens([item.prompt, " it was good", " no"])
    room = limit - len(good)
    assert 0 < room < len(prompt)
    assert rows.ids == [prompt[-room:] + good, prompt[-room:] + bad], "one prompt for both sides"
    assert rows.starts == [room, room]


def test_a_completion_over_the_limit_keeps_its_end() -> None:
    model = built("reward", 8)
    (rows,) = model.encode([toys.text_item("please :", (LONG, "no ."))])
    (long,) = model.tokens([" " + LONG])
    assert rows.ids[0] == long[-8:]
    assert rows.ids[1][-2:] == model.tokens([" no ."])[0]
    assert torch.isfinite(logits(model, [toys.text_item("please :", (LONG, "no ."))])).all()


def test_rewards_are_per_completion_and_swap_with_the_sides() -> None:
    model = built("reward")
    assert isinstance(model, RewardModel)
    item = toys.text_item("please write a review :", (LONG, "the soup was cold ."))
    turned = replace(item, options=item.options[::-1])
    first, second = logits(model, [item, turned])
    assert torch.allclose(first, second.flip(0), atol=1e-5)
    assert abs(float(first[0] - first[1])) > 1e-3
    other = replace(item, options=(LONG, "i liked the music all the same ."))
    mates = logits(model, [other])[0]
    assert torch.allclose(mates[0], first[0], atol=1e-5), "a reward does not know the rival completion"
    assert not torch.allclose(mates[1], first[1], atol=1e-3)


def test_a_reward_reads_the_prompt() -> None:
    model = built("reward")
    options = ("the soup was cold .", "the soup was warm .")
    one, two = logits(model, [toys.text_item("be kind :", options), toys.text_item("be harsh :", options)])
    assert not torch.allclose(one, two, atol=1e-4)


def hand_likelihood(model: TextModel, prompt: list[int], answer: list[int]) -> float:
    """Σ log p of the answer's tokens, one forward pass a token."""
    total = 0.0
    for k, token in enumerate(answer):
        with torch.no_grad():
            out = model.lm(input_ids=torch.tensor([prompt + answer[:k]])).logits[0, -1]
        total += float(torch.log_softmax(out, -1)[token])
    return total


@pytest.mark.parametrize("k", [1, 2, 4])
def test_a_move_scores_the_likelihood_of_all_its_tokens(k: int) -> None:
    model = built("chess")
    assert isinstance(model, MoveModel)
    item = toys.items("chess")[k]
    batch = logits(model, toys.items("chess"))[k]
    (prompt,) = model.tokens([item.prompt])
    for o, move in enumerate(item.options):
        (answer,) = model.tokens([f" {move}"])
        expected = hand_likelihood(model, prompt, [*answer, model.tokenizer.eos_token_id])
        assert float(batch[o]) == pytest.approx(expected, abs=1e-3 if expected < -50 else 1e-4), move


def test_move_rows_keep_every_token_of_the_move() -> None:
    model = built("chess", 16)
    for item, rows in zip(toys.items("chess"), model.encode(toys.items("chess")), strict=True):
        assert isinstance(rows.ids, list) and len(rows.ids) == len(item.options)
        for move, row, start in zip(item.options, rows.ids, rows.starts, strict=True):
            assert row[start:] == [*model.tokens([f" {move}"])[0], model.last_token()]
            assert start >= 1 and len(row) <= 16


def overfitted(item: Item, gold: int, steps: int = 60) -> MoveModel:
    """A language model that has seen nothing but one position and its answer."""
    model = build_model("llama:32x1", toys.shape("chess"), seed=0)
    assert isinstance(model, MoveModel)
    batch = model.collate(model.encode([item]))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        loss = -model(batch)[0, gold]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    return model


@pytest.mark.parametrize("fen, move", [(toys.POSITIONS[1], "b2b1q"), (toys.POSITIONS[3], "h3h4")])
def test_greedy_decoding_returns_what_was_learned(fen: str, move: str) -> None:
    item = toys.move_item(chess.Board(fen))
    model = overfitted(item, item.options.index(move))
    assert model.greedy([item], CPU) == [move]
    assert int(predict(model, model.encode([item]), CPU)[0].argmax()) == item.options.index(move)


def test_greedy_decoding_is_that_of_the_whole_text_read_again() -> None:
    """The cache of keys and values changes nothing."""
    model, item = built("chess"), toys.items("chess")[3]
    assert isinstance(model, MoveModel)
    (ids,), answer = model.tokens([item.prompt]), []
    for _ in range(GREEDY_TOKENS):
        with torch.no_grad():
            answer.append(int(model.lm(input_ids=torch.tensor([ids + answer])).logits[0, -1].argmax()))
    assert model.last_token() not in answer
    assert model.greedy([item], CPU) == [next(iter(model.tokenizer.decode(answer).split()), "")]


def test_greedy_decoding_of_an_untrained_model_ends() -> None:
    items = [toys.items("chess")[3], toys.text_item("")]
    answers = built("chess", 32).greedy(items, CPU)
    assert answers is not None and len(answers) == 2
    assert all(isinstance(a, str) and " " not in a for a in answers)


def test_only_the_move_model_decodes() -> None:
    for domain in ("nlp", "reward"):
        assert built(domain).greedy(toys.items(domain), CPU) is None


@pytest.mark.parametrize("domain", toys.DOMAINS)
def test_gradients_reach_the_body_after_one_step(domain: Domain) -> None:
    """Heads start from zero: the first step moves the head, the second reaches the body."""
    model = build_model("llama:16x1", toys.shape(domain), seed=0)
    body = [p for name, p in model.named_parameters() if "layers" in name]
    batch = model.collate(model.encode(toys.items(domain)))
    target = torch.zeros(batch.mask.shape)
    target[:, 0] = 1
    for step in range(2):
        model.zero_grad()
        loss = cross_entropy(model(batch), target)
        loss.backward()
        reached = sum(float(p.grad.abs().sum()) for p in body if p.grad is not None)
        if step == 0 and domain != "chess":
            assert reached == 0, "a zero head passes nothing down"
        with torch.no_grad():
            for p in model.parameters():
                if p.grad is not None:
                    p -= 0.1 * p.grad
    assert reached > 0


@pytest.mark.parametrize("domain", ["nlp", "reward"])
def test_a_fresh_head_gives_every_option_the_same_chance(domain: Domain) -> None:
    model = build_model("llama:16x1", toys.shape(domain), seed=0)
    probabilities = predict(model, model.encode(toys.items(domain)), CPU)
    assert (probabilities == 0.5).all()


def test_an_empty_prompt_works() -> None:
    nlp, reward, moves = built("nlp"), built("reward"), built("chess")
    assert nlp.encode([toys.text_item("")])[0].ids == [[nlp.first_token()]]
    assert torch.isfinite(logits(nlp, [toys.text_item(""), toys.text_item(LONG)])).all()
    pair = toys.text_item("", ("good .", "bad ."))
    assert reward.encode([pair])[0].ids[0] == [reward.first_token(), *reward.tokens(["good ."])[0]]
    assert torch.isfinite(logits(reward, [pair])).all()
    item = replace(toys.items("chess")[3], prompt="")
    assert torch.isfinite(logits(moves, [item])[0, : len(item.options)]).all()


@pytest.mark.parametrize("prompt", ["", "please :", "please : "])
def test_an_empty_option_works(prompt: str) -> None:
    model = built("reward")
    item = toys.text_item(prompt, ("", "the soup was cold ."))
    (rows,) = model.encode([item])
    assert all(rows.ids), "every option has at least one token before it"
    values = logits(model, [item, toys.text_item(LONG, ("good", "bad"))])
    assert torch.isfinite(values).all()
    assert torch.allclose(values[0], logits(model, [item])[0], atol=1e-5)


def test_a_space_joins_prompt_and_option_once() -> None:
    model = built("reward")
    joined = [model.encode([toys.text_item(p, ("good", "bad"))])[0].ids[0] for p in ("rate :", "rate :\n")]
    assert joined[0] == [*model.tokens(["rate :"])[0], *model.tokens([" good"])[0]]
    assert joined[1] == [*model.tokens(["rate :\n"])[0], *model.tokens(["good"])[0]]


def test_length_counts_all_rows() -> None:
    model = built("reward")
    (rows,) = model.encode([toys.text_item("rate :", ("good", LONG))])
    assert model.length(rows) == sum(len(r) for r in rows.ids) > 20


@pytest.mark.parametrize("domain", toys.DOMAINS)
def test_prediction_keeps_the_order_of_items(domain: Domain) -> None:
    """Items are batched by length; their probabilities come back in the order given."""
    model = built(domain)
    items = list(toys.items(domain))
    forward = predict(model, model.encode(items), CPU)
    backward = predict(model, model.encode(items[::-1]), CPU)[::-1]
    assert forward == pytest.approx(backward, abs=1e-5)
    assert forward.sum(1) == pytest.approx(1, abs=1e-5)
    for row, item in zip(forward, items, strict=True):
        assert (row[: len(item.options)] > 0).all() and (row[len(item.options) :] == 0).all()


@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=20), tokens=st.integers(1, 60))
def test_reading_rows_in_pieces_of_like_length_changes_nothing(lengths: list[int], tokens: int) -> None:
    attention = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    ids = torch.randint(1, 9, attention.shape) * attention
    seen = []

    def read(ids: torch.Tensor, attention: torch.Tensor) -> torch.Tensor:
        seen.append(ids.shape)
        return torch.stack([ids.sum(1), attention.sum(1)], 1)

    expected = torch.stack([ids.sum(1), attention.sum(1)], 1)
    assert torch.equal(by_length(ids, attention.long(), read, tokens), expected)
    assert sum(rows for rows, _ in seen) == len(lengths)
    assert sum(rows * width for rows, width in seen) <= ids.numel()


# Items with options of their own


def chooser(ask: Ask | None = None) -> ChoiceModel:
    model = build_model("llama:16x2", replace(toys.CHOICE, ask=ask), seed=0)
    assert isinstance(model, ChoiceModel)
    toys.stir(model, scale=0.1)
    return model


def test_an_option_is_scored_without_its_rivals() -> None:
    item = toys.text_item("the soup was", ("cold .", "warm and good .", "not there ."))
    values = logits(chooser(), [item, replace(item, options=item.options[::-1])])
    assert torch.allclose(values[0], values[1].flip(0), atol=1e-5)
    fewer = logits(chooser(), [item, replace(item, options=item.options[:2])])
    assert torch.allclose(fewer[1, :2], values[0, :2], atol=1e-5) and fewer[1, 2] == MASKED


@pytest.mark.parametrize("question", [None, "", "and it was"])
def test_zero_shot_is_the_likelihood_of_each_option(question: str | None) -> None:
    model, items = chooser(None if question is None else Ask(question)), [*toys.choices()] * 4
    found = model.zero_shot(items)
    assert found.shape == (24, 4) and torch.isfinite(found).all()
    for item, row in zip(items[:3], found, strict=False):
        (prompt,) = model.tokens([f"{item.prompt} {question or ''}".strip()])
        for option, value in zip(item.options, row, strict=False):
            (answer,) = model.tokens([f" {option}"])
            assert float(value) == pytest.approx(hand_likelihood(model, prompt, answer), abs=1e-3)
        assert (row[len(item.options) :] == MASKED).all()


def test_zero_shot_with_answers_asks_about_each_option() -> None:
    model, items = chooser(Ask("this is", ("wrong", "right"))), list(toys.choices())
    found = model.zero_shot(items)
    texts = [f"{items[1].prompt} {option} this is" for option in items[1].options]
    odds = model.ask(texts, ("wrong", "right")).diff(dim=1).squeeze(1)
    assert torch.allclose(found[1, : len(odds)], odds, atol=1e-5)
    assert (found[1, len(odds) :] == MASKED).all()
