"""Shortcut baselines that read no more than lengths, places or frequencies, scored on the test set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import mean

import numpy as np

from w2s_bench.audit.finding import Finding, allowed
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
    """Accuracy of guessing."""
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
    return Finding(
        check="length",
        value=max(longest, shortest),
        threshold=allowed(chance(test) + LENGTH, len(test)),
        told=f"taking the {which} option is right {max(longest, shortest):.1%} of the time; chance is "
        f"{chance(test):.1%}",
    )


def _first(test: list[Example]) -> Finding:
    value = mean(e.gold == 0 for e in test)
    return Finding(
        check="first option",
        value=value,
        threshold=allowed(chance(test) + FIRST, len(test)),
        told=f"taking the first option is right {value:.1%} of the time; chance is {chance(test):.1%}",
    )


def _frequent(drawn: Drawn) -> Finding:
    counts = frequencies(drawn.training)
    value = guess(drawn.test, lambda o: counts[o])
    return Finding(
        check="most common option",
        value=value,
        threshold=allowed(chance(drawn.test) + FREQUENT, len(drawn.test)),
        told=f"taking the option that is right most often in the halves is right {value:.1%} of the time; "
        f"chance is {chance(drawn.test):.1%}",
    )


def _length_of_text(drawn: Drawn) -> Finding:
    """Each tenth of the training texts by length answers with its most frequent class."""
    lengths, gold = (np.array([f(e) for e in drawn.training]) for f in (_length, _gold))
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, lengths)
    answers = [
        Counter(gold[bins == k].tolist() or gold.tolist()).most_common(1)[0][0] for k in range(len(edges) + 1)
    ]
    there = np.searchsorted(edges, [_length(e) for e in drawn.test])
    value = mean(answers[k] == e.gold for k, e in zip(there, drawn.test, strict=True))
    majority = max(Counter(e.gold for e in drawn.test).values()) / len(drawn.test)
    return Finding(
        check="length",
        value=value,
        threshold=allowed(majority + LENGTH, len(drawn.test)),
        told=f"the text's length alone is right {value:.1%} of the time; the most frequent class is "
        f"{majority:.1%}",
    )


def _length(example: Example) -> int:
    return len(example.prompt)


def _gold(example: Example) -> int:
    return example.gold
