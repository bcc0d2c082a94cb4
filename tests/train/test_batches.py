"""Batches: every item once an epoch, from the seed alone; by length, under a budget of tokens."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from w2s_bench.suite import Training
from w2s_bench.train.batches import POOL, draw_steps
from w2s_bench.train.micro_batches import one_ahead

LENGTHS = st.lists(st.integers(1, 90), min_size=1, max_size=80)
RECIPES = st.builds(
    Training,
    epochs=st.integers(1, 3),
    batch_size=st.integers(1, 20),
    batching=st.sampled_from(["shuffled", "length"]),
    tokens_per_batch=st.none() | st.integers(1, 300),
)


@given(LENGTHS, RECIPES, st.integers(0, 5))
def test_every_item_is_seen_once_an_epoch(lengths: list[int], recipe: Training, seed: int) -> None:
    drawn = draw_steps(recipe, lengths, seed)
    assert [t.index for t in drawn] == list(range(len(drawn))) and {t.total for t in drawn} == {len(drawn)}
    for epoch in range(recipe.epochs):
        mine = [t for t in drawn if t.epoch == epoch]
        assert sorted(np.concatenate([t.items for t in mine])) == list(range(len(lengths)))
        assert [(t.index_in_epoch, t.epoch_steps) for t in mine] == [(k, len(mine)) for k in range(len(mine))]
    budget = recipe.tokens_per_batch or math.inf
    for step in drawn:
        assert len(step.items) <= recipe.batch_size
        assert len(step.items) * max(lengths[i] for i in step.items) <= budget or len(step.items) == 1


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 4), st.integers(0, 5))
def test_batches_are_full_but_the_last(n: int, size: int, epochs: int, seed: int) -> None:
    drawn = draw_steps(Training(batch_size=size, epochs=epochs), [1] * n, seed)
    assert len(drawn) == epochs * math.ceil(n / size)
    assert {len(t.items) for t in drawn if t.index_in_epoch < t.epoch_steps - 1} <= {size}


@given(LENGTHS, RECIPES)
def test_they_follow_the_seed(lengths: list[int], recipe: Training) -> None:
    one, same = (draw_steps(recipe, lengths, 1) for _ in range(2))
    assert all(np.array_equal(a.items, b.items) for a, b in zip(one, same, strict=True))


def test_they_differ_between_seeds_and_epochs() -> None:
    for batching in ("shuffled", "length"):
        recipe = Training(epochs=2, batch_size=4, batching=batching)  # type: ignore[arg-type]
        drawn = [[t.items.tolist() for t in draw_steps(recipe, [5, 9] * 20, seed)] for seed in (1, 2)]
        assert drawn[0] != drawn[1] and drawn[0][:10] != drawn[0][10:]


def test_items_of_like_length_come_together_and_batches_at_random() -> None:
    lengths = np.random.default_rng(0).integers(1, 200, 32 * POOL * 2).tolist()
    drawn = draw_steps(Training(epochs=1, batching="length"), lengths, 0)
    widths = [max(lengths[i] for i in t.items) for t in drawn]
    padded = sum(w * len(t.items) for w, t in zip(widths, drawn, strict=True))
    assert padded < 1.05 * sum(lengths), "at random it is 1.9 times"
    assert 0.3 < np.mean([b > a for a, b in pairwise(widths)]) < 0.7, "neither rising nor falling"


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 9))
def test_marks_are_passed_once_each_in_order(n: int, epochs: int, times: int) -> None:
    drawn = draw_steps(Training(batch_size=4, epochs=epochs), [1] * n, 0)
    marks = [m for t in drawn if (m := t.mark(times)) is not None]
    assert marks == sorted(set(marks)) and marks[-1] == epochs * times - 1
    assert len(marks) == epochs * min(times, drawn[0].epoch_steps)
    assert drawn[-1].share == 1.0


def test_what_is_made_ahead_comes_in_order() -> None:
    made: list[int] = []

    def make(n: int) -> int:
        made.append(n)
        return 10 * n

    feed = one_ahead(range(5), make)
    first = next(feed)
    assert first == (0, 0) and len(made) <= 2
    assert [first, *feed] == [(n, 10 * n) for n in range(5)] and list(one_ahead([], make)) == []
