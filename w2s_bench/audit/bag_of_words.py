"""A bag of words trained on both halves: on the text, or on the options without their question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from w2s_bench.audit.finding import Finding, allowed, rate_text
from w2s_bench.audit.parts import Drawn
from w2s_bench.audit.shortcuts import accuracy, chance
from w2s_bench.task import Example

WORDS = 0.6  # share of the way from chance to 1 that a bag of words may reach: 80% of two classes
OPTIONS = 0.15  # points above chance without the question
BUCKETS = 2**14
SEVERITY = 10.0  # inverse of the regularisation of rows of length one


def words(drawn: Drawn) -> Iterator[Finding]:
    """Accuracy on the test set of a logistic regression on hashed words."""
    if drawn.card.domain == "chess" or not drawn.training:
        return
    yield _of_texts(drawn) if drawn.card.classes else _of_options(drawn)


def _of_texts(drawn: Drawn) -> Finding:
    gold = np.array([e.gold for e in drawn.training])
    fitted = _regression(len(drawn.card.classes)).fit(_hashed([e.prompt for e in drawn.training]), gold)
    answers = fitted.predict(_hashed([e.prompt for e in drawn.test]))
    value = float(np.mean(answers == [e.gold for e in drawn.test]))
    equal = 1 / len(drawn.card.classes)
    limit = allowed(equal + WORDS * (1 - equal), len(drawn.test))
    what = f"a bag of words that learns from {len(gold)} texts"
    return Finding("bag of words", value, limit, rate_text(what, value, "an equal share", equal))


def _of_options(drawn: Drawn) -> Finding:
    """Learns on differences of right and wrong options; the question never enters."""
    value, guessing = accuracy(_scored(drawn.test, _weights(drawn.training))), chance(drawn.test)
    text = rate_text("a bag of words that reads the options alone", value, "chance", guessing)
    return Finding("options without the question", value, allowed(guessing + OPTIONS, len(drawn.test)), text)


def _weights(training: list[Example]) -> Any:
    from scipy.sparse import vstack

    right = [e.options[e.gold] for e in training for _ in e.options[1:]]
    wrong = [o for e in training for k, o in enumerate(e.options) if k != e.gold]
    differences = _hashed(right) - _hashed(wrong)
    labels = np.repeat([1, 0], len(right))
    fitted = _regression(2, fit_intercept=False).fit(vstack([differences, -differences]), labels)
    return fitted.coef_[0]


def _scored(test: list[Example], weights: Any) -> list[tuple[list[float], int]]:
    scores = _hashed([o for e in test for o in e.options]) @ weights
    ends = np.cumsum([len(e.options) for e in test])
    return [(part.tolist(), e.gold) for part, e in zip(np.split(scores, ends[:-1]), test, strict=True)]


def _hashed(texts: list[str]) -> Any:
    """Rows of length one ``[len(texts), BUCKETS]``, sparse."""
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        n_features=BUCKETS, alternate_sign=False, binary=True, token_pattern=r"(?u)\w+|[^\w\s]"
    ).transform(texts)


def _regression(classes: int, **more: Any) -> Any:
    """One against the rest where there are more than two; the solver is deterministic."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    binary = LogisticRegression(C=SEVERITY, solver="liblinear", **more)
    return binary if classes == 2 else OneVsRestClassifier(binary)
