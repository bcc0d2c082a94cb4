"""Splits: no group is torn, no content stands twice, the test set is fixed, two machines draw the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.given_rows import Rows

from w2s_bench.data.splits import (
    GOLD,
    ITEMS,
    Part,
    Split,
    load_gold,
    load_items,
    make_split,
    part_names,
    part_sizes,
    save_split,
)
from w2s_bench.records import content_key
from w2s_bench.sources import Row
from w2s_bench.store.local import Store
from w2s_bench.suite import Data
from w2s_bench.task import Example, Task, TaskCard


def task_of(train: list[Row], test: list[Row] | None = None) -> Task:
    """A task of these rows; without classes, so that a small part may have one answer only."""

    def example(row: Row) -> Example:
        return Example(
            prompt=row["text"], options=("no", "yes"), gold=row["label"], group=row["group"],
            tags={"n": row["n"], "group": row["group"]},
        )  # fmt: skip

    card = TaskCard(
        name="nlp/toy", domain="nlp", version=1, title="t", source="s", licence="MIT", citation="c",
        language="en", group="g", size="1",
    )  # fmt: skip
    return Task(card=card, source=Rows(train, test), example=example, group=lambda row: row["group"])


def many(count: int, group_size: int, start: str = "text") -> list[Row]:
    """Rows in groups, both labels in turn, no content twice."""
    return [
        {"text": f"{start} {n}", "label": n % 2, "group": f"{start} {n // group_size}", "n": float(n)}
        for n in range(count)
    ]


def ids(split: Split) -> dict[str, list[str]]:
    return {name: [item.id for item in part.items] for name, part in split.items()}


def groups(part: Part) -> set[Any]:
    return {item.tags["group"] for item in part.items}


datas = st.builds(
    Data,
    teacher=st.integers(6, 20),
    transfer=st.integers(6, 20),
    validation=st.integers(0, 8),
    test=st.integers(6, 20),
    hops=st.integers(0, 2),
)
PLENTY = 400


@given(datas, st.integers(1, 4), st.integers(0, 50))
def test_parts_share_no_item_and_no_group_and_have_their_sizes(
    data: Data, group_size: int, seed: int
) -> None:
    split = make_split(task_of(many(PLENTY, group_size)), data, seed, None)
    assert {name: len(part.items) for name, part in split.items()} == part_sizes(data) | {"test": data.test}
    taken = Counter(i for part in ids(split).values() for i in part)
    assert max(taken.values()) == 1
    owners = Counter(g for part in split.values() for g in groups(part))
    assert max(owners.values()) == 1
    for part in split.values():
        assert part.gold.dtype == np.int64
        assert part.gold.tolist() == [int(item.tags["n"]) % 2 for item in part.items]  # type: ignore[arg-type]


@given(datas, st.integers(1, 3), st.integers(0, 20))
def test_the_test_set_is_one_for_all_seeds_and_the_halves_are_not(
    data: Data, group_size: int, seed: int
) -> None:
    task = task_of(many(PLENTY, group_size))
    one, two = (ids(make_split(task, data, s, None)) for s in (seed, seed + 1))
    assert one["test"] == two["test"]
    for part in ("teacher", "transfer"):
        assert set(one[part]) != set(two[part])


@given(datas, st.randoms(use_true_random=False))
def test_a_split_does_not_depend_on_the_order_in_which_groups_arrive(data: Data, random: Random) -> None:
    rows = many(PLENTY, 2)
    blocks = [rows[i : i + 2] for i in range(0, PLENTY, 2)]
    shuffled = [row for block in random.sample(blocks, len(blocks)) for row in block]
    assert ids(make_split(task_of(rows), data, 0, None)) == ids(make_split(task_of(shuffled), data, 0, None))


def test_a_test_set_does_not_depend_on_the_other_sizes() -> None:
    task = task_of(many(200, 2))
    small = make_split(task, Data(teacher=10, transfer=10, validation=0, test=20), 0, None)
    large = make_split(task, Data(teacher=50, transfer=60, validation=9, test=20, hops=0), 3, None)
    shorter = make_split(task, Data(teacher=10, transfer=10, validation=0, test=15), 0, None)
    assert ids(small)["test"] == ids(large)["test"]
    assert ids(shorter)["test"] == ids(small)["test"][:15]


def test_equal_content_in_many_groups_is_taken_once() -> None:
    rows = many(120, 1)
    copies = [row | {"group": f"copy {row['n']}"} for row in rows]
    split = make_split(task_of(rows + copies), Data(teacher=40, transfer=40, validation=0, test=40), 0, None)
    assert len({i for part in ids(split).values() for i in part}) == 120


def test_a_test_split_of_its_own_is_used_and_kept_out_of_training() -> None:
    train, test = many(100, 1), many(30, 1, "held out")
    leaked = [row | {"group": f"leak {row['n']}"} for row in test]  # the same texts once more, for training
    same_group = [row | {"text": f"more of {row['group']}"} for row in test]
    data = Data(teacher=45, transfer=45, validation=0, test=30)
    task = task_of(train + leaked + same_group, test)
    for seed in range(3):
        split = make_split(task, data, seed, None)
        assert sorted(ids(split)["test"]) == sorted(Example(
            prompt=row["text"], options=("no", "yes"), gold=0, group="").item.id for row in test)  # fmt: skip
        for name in ("teacher", "transfer"):
            assert not set(ids(split)[name]) & set(ids(split)["test"])
            assert not groups(split[name]) & groups(split["test"])


def test_a_test_split_of_its_own_may_be_smaller_than_asked_for() -> None:
    split = make_split(
        task_of(many(60, 1), many(7, 1, "held out")),
        Data(teacher=20, transfer=20, validation=0, test=500),
        0,
        None,
    )
    assert len(split["test"].items) == 7


def test_two_machines_draw_the_same_split() -> None:
    data = Data(teacher=20, transfer=20, validation=5, test=15, hops=1)
    split = make_split(task_of(many(150, 3)), data, 7, None)
    assert content_key(ids(split)) == "2c91b2a1d54adcdd6bcea949db06cef9"
    assert {k: int(part.gold.sum()) for k, part in split.items()} == {
        "test": 5, "teacher": 11, "transfer": 9, "validation": 3, "hop-1": 12,
    }  # fmt: skip


# In the store


def test_a_split_comes_back_from_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    data = Data(teacher=10, transfer=10, validation=4, test=10, hops=1)
    split = make_split(task_of(many(100, 2)), data, 0, None)
    save_split(store, "key", split)
    assert part_names(store, "key") == sorted(split)
    for name, part in split.items():
        assert load_items(store, "key", name) == part.items
        found = load_gold(store, "key", name)
        assert found.dtype == np.int64 and (found == part.gold).all()


def test_an_empty_part_comes_back_empty(tmp_path: Path) -> None:
    store = Store(tmp_path)
    split = make_split(task_of(many(100, 2)), Data(teacher=10, transfer=10, validation=0, test=10), 0, None)
    save_split(store, "key", split)
    assert load_items(store, "key", "validation") == []
    assert load_gold(store, "key", "validation").tolist() == []


def test_options_positions_and_tags_come_back_as_they_were(tmp_path: Path) -> None:
    examples = [
        Example(prompt="", options=("a1a2", "h7h8q", "é\n"), gold=1, group="g", position="fen a1a2"),
        Example(
            prompt="p\u2028q", options=("", "x"), gold=0, group="g", tags={"rating": 1500.5, "kind": "é"}
        ),
    ]
    part = Part([e.item for e in examples], np.array([e.gold for e in examples]))
    store = Store(tmp_path)
    save_split(store, "key", {"test": part})
    assert load_items(store, "key", "test") == part.items
    assert load_items(store, "key", "test")[1].position is None


def test_items_are_saved_apart_from_gold(tmp_path: Path) -> None:
    store = Store(tmp_path)
    data = Data(teacher=10, transfer=10, validation=4, test=10)
    save_split(store, "key", make_split(task_of(many(100, 2)), data, 0, None))
    items = store.open(ITEMS, "key")
    assert items.names() == ["teacher", "test", "transfer", "validation"]
    for name in items.names():
        assert set(items.table(name)) == {"id", "prompt", "options", "position", "tags"}
    assert not [path for path in items.folder.iterdir() if "gold" in path.name]
    assert store.folder(ITEMS, "key") != store.folder(GOLD, "key")


def test_a_gold_label_leaves_no_trace_in_the_items(tmp_path: Path) -> None:
    rows = many(100, 2)
    data = Data(teacher=10, transfer=10, validation=4, test=10)
    sums = []
    for flip in (0, 1):
        store = Store(tmp_path / str(flip))
        split = make_split(
            task_of([row | {"label": abs(flip - row["label"])} for row in rows]), data, 0, None
        )
        save_split(store, "key", split)
        sums.append((store.folder(ITEMS, "key") / "checksums.json").read_text("utf8"))
    assert sums[0] == sums[1]


@pytest.mark.parametrize("hops", [0, 3])
def test_hops_are_as_large_as_the_transfer_half(hops: int) -> None:
    sizes = part_sizes(Data(teacher=5, transfer=7, validation=2, test=3, hops=hops))
    assert sizes == {"teacher": 5, "transfer": 7, "validation": 2} | {
        f"hop-{i}": 7 for i in range(1, hops + 1)
    }
