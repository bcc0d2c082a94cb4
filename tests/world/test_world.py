"""The generated world: seeded, exact labels, and a corpus drawn around the tasks' items."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from w2s_bench.benchmarks.zoo.text.corpus import FIRST_SEED, VALIDATION_SEED, held_out
from w2s_bench.registry.items import items
from w2s_bench.task import load_task
from w2s_bench.world import pairs, polarity
from w2s_bench.world.concept import Concept
from w2s_bench.world.documents import CONCEPTS, Habits, documents, runs
from w2s_bench.world.pools import DEVELOPMENT, PREFERENCES, PUBLISHED, SIZE
from w2s_bench.world.words import Words

EACH = pytest.mark.parametrize("concept", CONCEPTS, ids=lambda c: c.name)


@EACH
def test_a_pool_is_distinct_balanced_and_the_same_each_time(concept: Concept) -> None:
    pool = list(concept.pool(600, 3))
    assert pool == list(concept.pool(600, 3)) and pool != list(concept.pool(600, 4))
    assert len({text for text, _ in pool}) == 600
    counts = Counter(label for _, label in pool)
    assert max(counts.values()) - min(counts.values()) <= 1 and len(counts) == len(concept.classes)


@EACH
def test_texts_are_words_with_single_spaces_and_name_no_class(concept: Concept) -> None:
    for text, _ in concept.pool(300, 0):
        assert text == " ".join(text.split()) and text.endswith(" .")
        assert not set(concept.answers) & set(text.split()), text


@EACH
def test_few_texts_are_claimed_by_two_classes(concept: Concept) -> None:
    """A text decides its class: drawn freely for both classes, (almost) none comes up twice."""
    by_class = [{t for t, label in concept.pool(2000, 0) if label == k} for k in range(len(concept.classes))]
    other = [{t for t, label in concept.pool(2000, 1) if label == k} for k in range(len(concept.classes))]
    for k, texts in enumerate(by_class):
        assert not any(texts & other[j] for j in range(len(other)) if j != k)


def test_documents_are_drawn_around_what_is_held_out() -> None:
    free = list(islice(documents(0), 400))
    held_out = {run for text in free[:200] for run in runs(text)}
    around = list(islice(documents(0, held_out), 400))
    assert free != around and any(run in held_out for text in free for run in runs(text))
    assert not any(run in held_out for text in around for run in runs(text))


@EACH
def test_no_item_of_a_pool_stands_in_a_corpus_that_holds_it_out(concept: Concept) -> None:
    pool = {text for text, _ in concept.pool(2000, 0)}
    for text in islice(documents(5, pool), 2000):
        assert not any(run in pool for run in runs(text))


def test_all_that_a_generated_task_shows_is_held_out() -> None:
    """Texts and both answers of pairs, of the published tasks as they are registered."""
    names = [n for n in items("task") if n.endswith("-generated") and not n.startswith("chess/")]
    assert len(names) >= len(CONCEPTS) + len(PREFERENCES)
    for name in names:
        task = load_task(name)
        for row in task.rows("train", None):
            shown = (row["text"],) if "text" in row else (row["chosen"], row["rejected"])
            assert held_out() >= set(shown), name
        example = task.build(row)
        assert set(shown) <= {example.prompt, *example.options}, "the row's texts are what is shown"


@pytest.mark.parametrize("seed", [DEVELOPMENT, PUBLISHED])
def test_both_pools_are_held_out(seed: int) -> None:
    for concept in CONCEPTS:
        assert held_out() >= {text for text, _ in concept.pool(SIZE, seed)}
    for kind in PREFERENCES:
        for pair in kind.pool(SIZE, seed):
            assert held_out() >= {pair.chosen, pair.rejected}


@pytest.mark.parametrize("seed", [FIRST_SEED, FIRST_SEED + 1, VALIDATION_SEED])
def test_no_text_of_a_task_stands_in_the_pretraining_corpus(seed: int) -> None:
    """The seeds of the shipped members and of their validation; by chance alone some would."""
    assert any(run in held_out() for text in islice(documents(seed), 3000) for run in runs(text))
    for text in islice(documents(seed, held_out()), 3000):
        assert not any(run in held_out() for run in runs(text))


def test_runs_are_all_neighbouring_sentences() -> None:
    assert list(runs("a b . c . d .")) == ["a b .", "a b . c .", "a b . c . d .", "c .", "c . d .", "d ."]


def test_documents_hardly_ever_name_a_class() -> None:
    names = {name for concept in CONCEPTS for name in concept.name_it}
    never, always = Habits(names=0.0), Habits(names=1.0)
    assert not any(name in text for text in islice(documents(1, habits=never), 300) for name in names)
    assert all(any(name in text for name in names) for text in islice(documents(1, habits=always), 100))


def test_pairs_differ_and_the_better_one_is_often_but_not_always_longer() -> None:
    requests = Words(["please write a positive review ."])
    drawn = list(pairs.pool(requests, polarity.sentence, 1000, 0))
    assert all(pair.chosen != pair.rejected for pair in drawn)
    longer = sum(len(p.chosen.split()) > len(p.rejected.split()) for p in drawn) / len(drawn)
    assert 0.5 < longer < 0.7
    assert drawn == list(pairs.pool(requests, polarity.sentence, 1000, 0))
