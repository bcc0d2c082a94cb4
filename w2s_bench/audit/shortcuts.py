"""Shortcut baselines that read no more than lengths, places or frequencies, scored on the test set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import mean

import numpy as np

from w2s_bench.audit.finding import Finding, allowed, rate_text
from w2s_bench.audit.parts import Drawn
from w2s_bench.task import Example

LENGTH = 0.10  # points above chance, or above the most frequent class, that a shortcut may reach
FIRST = 0.05
FREQUENT = 0.10
BINS = 10  # of lengths, each with as many training texts


def guesses(drawn: Drawn) -> Iterator[Finding]:
    """Length, first option, most frequent option."""
    if drawn.card.domain == "chess":
        return
    if drawn.card.classes:
        if drawn.training:
            yield _length_of_text(drawn)
        return
    yield _length_of_options(drawn.test)
    yield _first(drawn.test)
    if drawn.training and drawn.card.domain == "nlp":
        yield _frequent(drawn)


def accuracy(scored: Sequence[tuple[Sequence[float], int]]) -> float:
    """Mean share of right answers of (scores of the options, gold); tied options share their point."""
    return mean(
        (scores[gold] == max(scores)) / sum(s == max(scores) for s in scores) for scores, gold in scored
    )


def chance(examples: Sequence[Example]) -> float:
    """Mean accuracy of guessing one of an example's options."""
    return mean(1 / len(e.options) for e in examples)


def guess(examples: Sequence[Example], score: Callable[[str], float]) -> float:
    """Accuracy of taking the option with the highest score."""
    return accuracy([([score(o) for o in e.options], e.gold) for e in examples])


def frequencies(examples: Sequence[Example], name: Callable[[str], str] = str) -> Counter[str]:
    """How often each option (or what ``name`` makes of it) is right."""
    return Counter(name(e.options[e.gold]) for e in examples)


def _length_of_options(test: list[Example]) -> Finding:
    longest, shortest = guess(test, len), guess(test, lambda o: -len(o))
    which = "longest" if longest >= shortest else "shortest"
    return _above_chance("length", max(longest, shortest), LENGTH, test, f"taking the {which} option")


def _first(test: list[Example]) -> Finding:
    value = mean(e.gold == 0 for e in test)
    return _above_chance("first option", value, FIRST, test, "taking the first option")


def _frequent(drawn: Drawn) -> Finding:
    counts = frequencies(drawn.training)
    value = guess(drawn.test, lambda o: counts[o])
    what = "taking the option that is right most often in the halves"
    return _above_chance("most common option", value, FREQUENT, drawn.test, what)


def _above_chance(check: str, value: float, margin: float, test: list[Example], what: str) -> Finding:
    guessing = chance(test)
    text = rate_text(what, value, "chance", guessing)
    return Finding(check, value, allowed(guessing + margin, len(test)), text)


def _length_of_text(drawn: Drawn) -> Finding:
    """Each tenth of the training texts by length answers with its most frequent class."""
    lengths = np.array([len(e.prompt) for e in drawn.training])
    gold = np.array([e.gold for e in drawn.training])
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, lengths)
    own = [gold[bins == k].tolist() or gold.tolist() for k in range(len(edges) + 1)]
    answers = [Counter(golds).most_common(1)[0][0] for golds in own]
    there = np.searchsorted(edges, [len(e.prompt) for e in drawn.test])
    value = mean(answers[k] == e.gold for k, e in zip(there, drawn.test, strict=True))
    majority = max(Counter(e.gold for e in drawn.test).values()) / len(drawn.test)
    text = (
        f"the text's length alone is right {value:.1%} of the time; the most frequent class is {majority:.1%}"
    )
    return Finding("length", value, allowed(majority + LENGTH, len(drawn.test)), text)
