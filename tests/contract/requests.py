"""Toy requests of three domains: small problems that a student can learn, with all that methods may ask."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import chess
import numpy as np
import torch
from numpy.typing import NDArray

from w2s_bench.contract import toys
from w2s_bench.metric import one_hot
from w2s_bench.model import Shape, build_model
from w2s_bench.records import Domain
from w2s_bench.run.weak_labels import shuffled
from w2s_bench.suite import Training
from w2s_bench.task import Item
from w2s_bench.train.fit_request import FitRequest
from w2s_bench.train.predict import all_states
from w2s_bench.train.student_inputs import mask_of

SIZES = {"transfer": 96, "validation": 24, "test": 60, "budget": 16, "teacher": 16}
MODELS: dict[Domain, tuple[str, float]] = {  # a student and its learning rate
    "nlp": ("zoo:text/32x1", 1e-2),
    "reward": ("zoo:text/32x1", 5e-3),
    "chess": ("board:8x1", 2e-2),
}
CLASSES = ("negative", "positive")
SUBJECTS = ("plot", "cast", "room", "soup", "tour", "bed", "host", "music", "waiter", "show")
MOODS = (("bad", "dull", "cold", "dark"), ("good", "warm", "kind", "clean"))
PLACES = ("", "in the old town ", "on the first day ", "after the long way ", "for all of us ")
Gold = NDArray[np.int64]


@cache
def request(domain: Domain, method: str, seed: int = 0) -> FitRequest:
    """A request for a method with its default options; weak labels are right three times of four."""
    items, gold = _items(domain)
    model, rate = MODELS[domain]
    shape = Shape(domain=domain, classes=CLASSES if domain == "nlp" else (), max_length=48)
    weak = {part: _weak(items[part], gold[part], seed=1) for part in ("transfer", "validation")}
    seen = ("transfer", "validation", "test")
    width = mask_of(items["budget"]).shape[1]
    return FitRequest(
        title=f"toy {domain}",
        domain=domain,
        model=model,
        shape=shape,
        seed=seed,
        training=Training(epochs=4, batch_size=16, learning_rate=rate).model_dump(),
        method=method,
        items=items,
        answers=("test", "transfer"),
        labels=weak,
        teachers=np.stack(
            [weak["transfer"], *(_weak(items["transfer"], gold["transfer"], s) for s in (2, 3))]
        ),
        states=_states(domain, seen),
        prior={part: _uniform(items[part]) for part in seen},
        gold=one_hot(gold["budget"], width),
        budget_teachers=np.stack([_weak(items["budget"], gold["budget"], s) for s in (1, 2, 3)]),
    )


def gold_of(domain: Domain) -> Gold:
    """What the test set is scored against ``[N]``; no request holds it."""
    return _items(domain)[1]["test"]


def permuted(of: FitRequest, seed: int = 0) -> tuple[FitRequest, NDArray[np.int64]]:
    """The same request with its training items in another order, and that order, in one batch of all items:
    whatever differs then is due to the order."""
    order = np.random.default_rng(seed).permutation(len(of.items["transfer"]))
    items = dict(of.items) | {"transfer": [of.items["transfer"][i] for i in order]}
    arrays = {name: dict(getattr(of, name)) for name in ("labels", "states", "prior")}
    for found in arrays.values():
        if "transfer" in found:
            found["transfer"] = found["transfer"][order]
    teachers = None if of.teachers is None else of.teachers[:, order]
    return replace(of, items=items, teachers=teachers, **arrays), order


def dealt(of: FitRequest, seed: int) -> FitRequest:
    """The request with all its labels dealt out to other items, or to other options where items differ."""
    weak = {part: _dealt(values, of.items[part], seed) for part, values in of.labels.items()}
    teachers = of.teachers
    if teachers is not None:
        teachers = np.stack([_dealt(t, of.items["transfer"], seed) for t in teachers])
    return replace(of, labels=weak, teachers=teachers, seed=seed)


def _dealt(labels: NDArray[np.float32], items: list[Item], seed: int) -> NDArray[np.float32]:
    return shuffled(labels, np.array([len(i.options) for i in items]), seed)


def whole_batch(of: FitRequest) -> FitRequest:
    """The request with every step on all items."""
    return replace(of, training=of.training | {"batch_size": 1024, "epochs": 6})


@cache
def _items(domain: Domain) -> tuple[dict[str, list[Item]], dict[str, Gold]]:
    total = sum(SIZES.values())
    drawn = {"nlp": _reviews, "reward": _pairs, "chess": _positions}[domain](total)
    items, gold, start = {}, {}, 0
    for part, size in SIZES.items():
        chosen = drawn[start : start + size]
        items[part], gold[part] = [i for i, _ in chosen], np.array([g for _, g in chosen])
        start += size
    return items, gold


def _text(mood: int, rng: Random) -> str:
    words = rng.choice(SUBJECTS), rng.choice(PLACES), rng.choice(MOODS[mood])
    return "the {} {}was {} .".format(*words)


def _reviews(count: int) -> list[tuple[Item, int]]:
    rng = Random(0)
    found = []
    for n in range(count):
        mood = rng.randrange(2)
        item = toys.text_item(f"{_text(mood, rng)} {n}", CLASSES)
        found.append((replace(item, tags={"mark": float(n % 3)}), mood))
    return found


def _pairs(count: int) -> list[tuple[Item, int]]:
    rng = Random(1)
    found = []
    for n in range(count):
        gold = rng.randrange(2)
        sides = [f"{_text(int(side == gold), rng)} {n}" for side in range(2)]
        found.append((toys.text_item("rate :", (sides[0], sides[1])), gold))
    return found


def _positions(count: int) -> list[tuple[Item, int]]:
    """The side to move wants to get as far ahead as it can: the first move to the most advanced square."""
    rng, found = Random(2), []
    while len(found) < count:
        board = chess.Board()
        for _ in range(rng.randrange(4, 30)):
            if moves := sorted(board.legal_moves, key=str):
                board.push(rng.choice(moves))
        moves = [m.uci() for m in board.legal_moves]
        if len(moves) > 1:
            item = toys.move_item(board)
            ahead = [_rank(m, board.turn) for m in item.options]
            found.append((item, int(np.argmax(ahead))))
    return found


def _rank(uci: str, white: bool) -> int:
    rank = int(uci[3])
    return rank if white else 9 - rank


def _weak(items: list[Item], gold: Gold, seed: int) -> NDArray[np.float32]:
    """Soft labels ``[N, O]`` whose best option is gold in three items of four, another one elsewhere."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((len(items), max(len(i.options) for i in items)), dtype=np.float32)
    for row, item, right in zip(labels, items, gold, strict=True):
        options = len(item.options)
        best = right if rng.random() < 0.75 else (right + rng.integers(1, options)) % options
        row[:options] = 0.3 * rng.dirichlet(np.ones(options))
        row[best] += 0.7
    return labels


def _uniform(items: list[Item]) -> NDArray[np.float32]:
    mask = mask_of(items)
    return (mask / mask.sum(-1, keepdim=True)).float().numpy()


@cache
def _states(domain: Domain, parts: tuple[str, ...]) -> dict[str, NDArray[np.float32]]:
    shape = Shape(domain=domain, classes=CLASSES if domain == "nlp" else (), max_length=48)
    model = build_model(MODELS[domain][0], shape, 0)
    items, _ = _items(domain)
    return {p: all_states(model, model.encode(items[p]), torch.device("cpu")).numpy() for p in parts}
