"""The shipped zoo: members load as any model does, answer before training, and are what their cards say."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from w2s_bench.contract import toys
from w2s_bench.errors import BadModel
from w2s_bench.model import (
    MASKED,
    Shape,
    build_model,
    check_model,
    model_fingerprint,
    model_size,
    untrained_model,
)
from w2s_bench.models.zoo import WEIGHTS, card, folder, members
from w2s_bench.task import Ask, Item, load_task

LIMIT = 40 * 2**20  # bytes of all families together


def test_families_have_five_sizes_and_a_second_seed() -> None:
    for family, layers in (("text", "96x3"), ("chess", "48x3")):
        names = [m.partition("/")[2] for m in members() if m.startswith(family)]
        assert len([n for n in names if "-" not in n]) >= 5
        assert f"{layers}-seed2" in names
    assert sum(p.stat().st_size for p in WEIGHTS.rglob("*") if p.is_file()) <= LIMIT


@pytest.mark.parametrize("name", members())
def test_a_card_tells_the_truth_of_its_member(name: str) -> None:
    told, weights = card(name), folder(name) / "model.safetensors"
    assert told["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert {
        "recipe",
        "data",
        "seen",
        "cpu_seconds",
        "curve",
        "validation_loss",
        "hardware",
        "licence",
    } <= set(told)
    domain = "chess" if name.startswith("chess") else "nlp"
    model = build_model(f"zoo:{name}", Shape(domain=domain, classes=("a", "b")), seed=0)
    body = model.parameters_count if domain == "chess" else model.lm.num_parameters()
    assert body == told["parameters"] == model_size(f"zoo:{name}")


def test_text_members_are_folders_of_transformers() -> None:
    path = folder("text/32x1")
    lm, tokenizer = AutoModelForCausalLM.from_pretrained(path), AutoTokenizer.from_pretrained(path)
    ids = tokenizer("the soup was good .", return_tensors="pt")["input_ids"]
    assert ids.shape == (1, 5) and int(tokenizer.unk_token_id) not in ids[0].tolist()
    assert lm(ids).logits.shape[-1] == len(tokenizer)


def test_untrained_twins_share_all_but_the_weights() -> None:
    for name in ("zoo:text/32x1", "zoo:chess/12x2"):
        twin = untrained_model(name)
        assert twin == f"{name}@random" == untrained_model(twin)
        assert model_fingerprint(twin) != model_fingerprint(name)
        shape = Shape(domain="chess" if "chess" in name else "nlp", classes=("a", "b"))
        one, two = (build_model(n, shape, seed=0) for n in (name, twin))
        assert one.parameters_count == two.parameters_count
        assert any(not torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_text_members_answer_text_and_boards_boards() -> None:
    check_model("zoo:text/32x1", "reward")
    check_model("zoo:chess/12x2@random", "chess")
    for name, domain in (("zoo:text/32x1", "chess"), ("zoo:chess/12x2", "nlp")):
        with pytest.raises(BadModel, match="does not answer"):
            check_model(name, domain)  # type: ignore[arg-type]


def test_an_unknown_member_names_what_is_near_and_what_exists() -> None:
    with pytest.raises(BadModel, match=r"text/32x3.*near: .*text/32x2.*chess/12x2"):
        check_model("zoo:text/32x3", "nlp")


def test_zero_shot_does_not_depend_on_the_batch() -> None:
    task = load_task("nlp/feelings-generated")
    items = [task.build(r).item for r in task.rows("train", None)[:70]]
    shape = Shape(domain="nlp", classes=task.card.classes, ask=task.ask)
    model = build_model("zoo:text/32x1", shape, seed=0)
    found = model.zero_shot(items)
    assert found.shape == (70, 4)
    assert torch.allclose(found[3:5], model.zero_shot(items[3:5]), atol=1e-4)


def test_zero_shot_of_pairs_prefers_the_completion_that_asks_for_the_good_answer() -> None:
    shape = Shape(domain="reward", ask=Ask("is it for or against ? i am", ("against", "for")))
    model = build_model("zoo:text/32x1", shape, seed=0)
    found = model.zero_shot(toys.items("reward"))
    assert found.shape == (len(toys.items("reward")), 2)
    swapped = [Item(id=i.id, prompt=i.prompt, options=i.options[::-1]) for i in toys.items("reward")]
    assert torch.allclose(found, model.zero_shot(swapped).flip(1), atol=1e-4)


def test_zero_shot_needs_a_question() -> None:
    model = build_model("zoo:text/32x1", Shape(domain="nlp", classes=("a", "b")), seed=0)
    with pytest.raises(BadModel, match="how to ask"):
        model.zero_shot(toys.items("nlp"))


def test_zero_shot_of_boards_masks_what_is_no_move() -> None:
    task = load_task("chess/tactics-generated")
    items = [task.build(r).item for r in task.rows("test", None)[:130]]
    found = build_model("zoo:chess/12x2", Shape(domain="chess"), seed=0).zero_shot(items)
    counts = [len(i.options) for i in items]
    assert found.shape == (130, max(counts))
    assert ((found > MASKED).sum(1) == torch.tensor(counts)).all()


def test_language_loss_is_that_of_the_pretraining_text() -> None:
    """A member reads the world's text better than its untrained twin does."""
    task = load_task("nlp/polarity-generated")
    items = [task.build(r).item for r in task.rows("train", None)[:50]]
    shape = Shape(domain="nlp", classes=task.card.classes)
    losses = []
    for name in ("zoo:text/32x1", "zoo:text/32x1@random"):
        model = build_model(name, shape, seed=0)
        losses.append(model.language_loss(model.collate(model.encode(items))).item())
    assert losses[0] < 3 < losses[1]


def test_curves_fall() -> None:
    for name in members():
        curve = json.loads((folder(name) / "card.json").read_text())["curve"]
        assert curve[-1][1] < curve[0][1] and curve[-1][0] <= card(name)["seen"] + 5000


def test_one_token_answers_score_as_longer_ones_do() -> None:
    """The short way, a row a prompt, gives what the long way, a row an answer, gives."""
    model = build_model("zoo:text/32x1", Shape(domain="nlp", classes=("a", "b")), seed=0)
    prompts = ["the soup was good . are you for or against it ? i am", "the room was dirty ."]
    short = model.ask(prompts, ("for", "against"))
    long = model.ask(prompts, ("for", "against", "for it"))
    assert torch.allclose(short, long[:, :2], atol=1e-4) and (long[:, 2] < long[:, 0]).all()
