"""Items are encoded once a process for a model, and never another's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from contract import toys

from w2s_bench.model import Model, build_model
from w2s_bench.records import Domain
from w2s_bench.train import encoding_cache as module
from w2s_bench.train.encoding_cache import encode


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has encoded nothing yet."""
    module._cache.clear()


def counted(model: Model, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many items each call of a model's own ``encode`` was for."""
    calls: list[int] = []
    whole = type(model).encode

    def counting(self: Model, items: Any) -> list[Any]:
        calls.append(len(items))
        return whole(self, items)

    monkeypatch.setattr(type(model), "encode", counting)
    return calls


@pytest.mark.parametrize(
    ("name", "domain"),
    [("llama:16x1", "nlp"), ("llama:16x1", "reward"), ("board:8x1", "chess"), ("bow", "nlp")],
)
def test_like_items_are_encoded_once(name: str, domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (build_model(name, toys.shape(domain), seed) for seed in (0, 1))
    items = list(toys.items(domain))
    direct = first.encode(items)
    calls = counted(first, monkeypatch)
    assert repr(encode(first, name, items)) == repr(direct)
    assert repr(encode(second, name, [replace(item) for item in items])) == repr(direct)
    assert calls == [len(items)]


def test_other_items_models_and_lengths_are_encoded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = toys.shape("nlp")
    model, short = (build_model("llama:16x1", s, 0) for s in (shape, replace(shape, max_length=4)))
    items = list(toys.items("nlp"))
    calls = counted(model, monkeypatch)
    for those in (items, items[1:], [replace(items[0], prompt="no ."), *items[1:]]):
        encode(model, "llama:16x1", those)
    encode(model, "llama:32x1", items)
    assert repr(encode(short, "llama:16x1", items)) != repr(encode(model, "llama:16x1", items))
    assert len(calls) == 5


def test_what_was_used_longest_ago_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    model, items = build_model("llama:16x1", toys.shape("nlp"), 0), list(toys.items("nlp"))
    monkeypatch.setattr(module, "CAPACITY", 2 * len(items))
    calls = counted(model, monkeypatch)
    for name in ("a", "b", "a", "c", "a", "b"):
        encode(model, name, items)
    assert len(calls) == 4  # a, b, c, and b again


@pytest.mark.parametrize("declared", [True, False])
def test_a_class_with_an_encode_of_its_own_says_itself_whether_it_follows_from_the_name(
    declared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not inherit that from a class whose encode it replaces."""
    model = build_model("llama:16x1", toys.shape("nlp"), 0)
    base = type(model)
    body: dict[str, Any] = {"encode": lambda self, items: base.encode(self, items)}
    model.__class__ = type("Own", (base,), body | ({"encodes_by_name": True} if declared else {}))
    calls = counted(model, monkeypatch)
    for _ in range(2):
        encode(model, "llama:16x1", list(toys.items("nlp")))
    assert len(calls) == (1 if declared else 2)
