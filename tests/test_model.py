"""The model contract: logits at the places of options, names that are refused, fingerprints of folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from w2s_bench.contract import toys
from w2s_bench.errors import BadModel, UnknownName, UserError
from w2s_bench.model import (
    MASKED,
    Batch,
    Model,
    build_model,
    check_model,
    model_fingerprint,
    model_size,
    spread,
)


@pytest.fixture(scope="module")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toys.model_folder(tmp_path_factory.mktemp("models") / "llama")


@pytest.fixture(scope="module")
def gpt2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 with absolute positions, no pad token and fewer positions than the toy shape allows."""
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    from w2s_bench.models.llama import TOKENIZER

    folder = tmp_path_factory.mktemp("models") / "gpt2"
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER), bos_token="<s>", eos_token="</s>")
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=64,
        n_embd=16,
        n_layer=1,
        n_head=2,
        bos_token_id=0,
        eos_token_id=1,
    )
    torch.manual_seed(0)
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


class Fixed(Model):
    """Gives the scores that it was made with."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.values = values

    def encode(self, items):
        return list(items)

    def collate(self, encoded):
        raise AssertionError("its scores are given: nothing is to be collated")

    def scores(self, batch: Batch) -> Tensor:
        return self.values


def test_spread_puts_rows_at_their_options() -> None:
    mask = torch.tensor([[True, False, True], [False, False, True]])
    rows = torch.tensor([1.5, 2.5, 3.5])
    assert spread(rows, mask).tolist() == [[1.5, 0, 2.5], [0, 0, 3.5]]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_spread_keeps_order_and_gradient(counts: list[int]) -> None:
    mask = torch.arange(max(counts)) < torch.tensor(counts)[:, None]
    rows = torch.arange(1.0, sum(counts) + 1).requires_grad_()
    placed = spread(rows, mask)
    assert placed[mask].tolist() == rows.tolist() and (placed[~mask] == 0).all()
    placed.pow(2).sum().backward()
    assert torch.allclose(rows.grad, 2 * rows.detach())  # type: ignore[arg-type]


def test_forward_masks_and_widens() -> None:
    mask = torch.tensor([[True, True, False]])
    model = Fixed(torch.tensor([[1.0, 2.0, float("inf")]], dtype=torch.float64))
    logits = model(Batch({}, mask))
    assert logits.dtype == torch.float32
    assert logits.tolist() == [[1.0, 2.0, MASKED]]
    assert torch.softmax(logits, -1)[0, 2] == 0


def test_masked_options_get_no_probability_and_no_nan_gradient() -> None:
    values = torch.zeros(1, 3).requires_grad_()
    logits = Fixed(values)(Batch({}, torch.tensor([[True, True, False]])))
    torch.log_softmax(logits, -1)[0, 0].backward()
    assert values.grad is not None and torch.equal(values.grad, torch.tensor([[0.5, -0.5, 0.0]]))


def test_batch_moves_all_its_tensors() -> None:
    batch = Batch({"ids": torch.zeros(2)}, torch.ones(2, 1, dtype=torch.bool))
    moved = batch.to(torch.device("meta"))
    assert moved.mask.is_meta and moved.inputs["ids"].is_meta


@pytest.mark.parametrize(
    "name, near", [("lama:16x1", "llama"), ("bord:8x1", "board"), ("bows", "bow"), ("hg:gpt2", "hf")]
)
def test_unknown_family_names_what_is_near(name: str, near: str) -> None:
    with pytest.raises(UnknownName) as caught:
        check_model(name, "chess")
    line = str(caught.value)
    assert repr(name.partition(":")[0]) in line and near in line and "list models" in line


def test_wrong_domain_names_those_that_fit() -> None:
    with pytest.raises(BadModel, match=r"'board:8x1' does not answer nlp.*chess"):
        check_model("board:8x1", "nlp")


NO_SIZES = {
    "llama": ("17x1", "16", "16x0", "8192x1", "", "16x1x1", "-16x1"),
    "board": ("3x1", "8x65", "x", "8.5x1"),
    "bow": ("3",),
}


@pytest.mark.parametrize("name", [f"{family}:{size}" for family, sizes in NO_SIZES.items() for size in sizes])
def test_bad_size_says_what_is_expected(name: str) -> None:
    family, _, argument = name.partition(":")
    with pytest.raises(BadModel) as caught:
        check_model(name, "chess")
    line = str(caught.value)
    assert repr(argument) in line and f"model family {family}" in line and "expected" in line


def test_what_is_no_family_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text('"""Not a family."""\nTHING = 3\n')
    with pytest.raises(UserError, match="not a model family: int"):
        check_model(f"{tmp_path}/mine.py:THING:16x1", "nlp")
    with pytest.raises(UserError, match="no 'OTHER' in it"):
        check_model(f"{tmp_path}/mine.py:OTHER", "nlp")


def test_a_family_in_a_file_gets_its_argument(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        '"""A family of one\'s own."""\n'
        "from w2s_bench.models.llama import RandomLlama\n\n\n"
        "class Mine(RandomLlama):\n"
        '    """The same under another name."""\n\n\n'
        "FAMILY = Mine()\n"
    )
    name = f"{file}:FAMILY:32x1"
    check_model(name, "nlp")
    assert build_model(name, toys.shape("nlp"), 0).lm.config.hidden_size == 32  # type: ignore[union-attr]
    before = model_fingerprint(name)
    file.write_text(file.read_text() + "CHANGED = 1\n")
    assert model_fingerprint(name) != before, "code is part of the fingerprint"


@pytest.mark.parametrize("name", ["llama:16x1", "llama:48x3", "board:8x2", "board:24x1"])
def test_size_without_building_is_about_right(name: str) -> None:
    built = build_model(name, toys.shape("chess"), 0).parameters_count
    assert model_size(name) == pytest.approx(built, rel=0.1)


def test_size_of_a_folder_and_of_the_hub(llama_folder: Path) -> None:
    built = build_model(f"hf:{llama_folder}", toys.shape("chess"), 0).parameters_count
    assert built <= (model_size(f"hf:{llama_folder}") or 0) <= 2.5 * built, "16 or 32 bits a parameter"
    assert model_size("hf:org/name") is None


def test_random_models_follow_their_seed() -> None:
    def weights(seed: int) -> Tensor:
        return torch.cat(
            [p.flatten() for p in build_model("llama:16x1", toys.shape("nlp"), seed).parameters()]
        )

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize("which", ["llama_folder", "gpt2_folder"])
@pytest.mark.parametrize("domain", toys.DOMAINS)
def test_a_folder_loads_with_its_own_weights(
    which: str, domain: toys.Domain, request: pytest.FixtureRequest
) -> None:
    from transformers import AutoModelForCausalLM

    folder = request.getfixturevalue(which)
    name = f"hf:{folder}"
    check_model(name, domain)
    model = build_model(name, toys.shape(domain), 0)
    saved = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for (key, ours), theirs in zip(model.lm.named_parameters(), saved.parameters(), strict=True):  # type: ignore[union-attr, operator]
        assert torch.equal(ours, theirs), key
    with torch.no_grad():
        logits = toys.stir(model)(model.collate(model.encode(toys.items(domain))))
    assert torch.isfinite(logits).all()


def test_a_folder_limits_the_length_to_its_positions(gpt2_folder: Path) -> None:
    model = build_model(f"hf:{gpt2_folder}", toys.shape("nlp"), 0)
    (encoded,) = model.encode([toys.text_item("the soup was cold . " * 60)])
    assert len(encoded.ids[0]) == 64 < toys.MAX_LENGTH


def _without(folder: Path, copy: Path, *patterns: str) -> str:
    shutil.copytree(folder, copy)
    for pattern in patterns:
        found = list(copy.glob(pattern))
        assert found, pattern
        for path in found:
            path.unlink()
    return f"hf:{copy}"


@pytest.mark.parametrize(
    "patterns, missing",
    [
        (("*.safetensors",), "weights"),
        (("tokenizer*",), "tokenizer"),
        (("config.json",), "config.json"),
    ],
)
def test_an_incomplete_folder_says_what_it_lacks(
    llama_folder: Path, tmp_path: Path, patterns: tuple[str, ...], missing: str
) -> None:
    name = _without(llama_folder, tmp_path / "copy", *patterns)
    with pytest.raises(BadModel) as caught:
        check_model(name, "nlp")
    line = str(caught.value)
    assert f"without {missing}" in line.replace("a tokenizer", "tokenizer")
    assert str(tmp_path) in line and "expected" in line


def test_no_such_folder_and_no_name() -> None:
    with pytest.raises(BadModel, match="no such model folder"):
        check_model("hf:./no/such/folder", "nlp")
    with pytest.raises(BadModel, match="no model is named"):
        check_model("hf:", "nlp")


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"x")
    with pytest.raises(BadModel, match="no such model folder"):
        check_model(f"hf:{tmp_path}/weights.safetensors", "nlp")


def test_weights_that_cannot_be_read_are_one_clear_error(llama_folder: Path, tmp_path: Path) -> None:
    name = _without(llama_folder, tmp_path / "copy")
    (tmp_path / "copy" / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(BadModel, match=r"hf:.*model cannot be loaded"):
        build_model(name, toys.shape("nlp"), 0)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_one_byte_changes_the_fingerprint(llama_folder: Path, tmp_path: Path, file: str) -> None:
    name = _without(llama_folder, tmp_path / "copy")
    before = model_fingerprint(name)
    path = tmp_path / "copy" / file
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    changed = model_fingerprint(name)
    assert changed != before
    content[-2] ^= 1
    path.write_bytes(content)
    assert model_fingerprint(name) == before, "the fingerprint is of content, not of time"
    (tmp_path / "copy" / "more.txt").write_text("")
    assert model_fingerprint(name) != before, "a new file counts"


def test_equal_folders_have_equal_fingerprints(llama_folder: Path, tmp_path: Path) -> None:
    assert model_fingerprint(_without(llama_folder, tmp_path / "a")) == model_fingerprint(
        f"hf:{llama_folder}"
    )
    assert model_fingerprint("llama:16x1") != model_fingerprint("llama:32x1")
