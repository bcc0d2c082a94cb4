"""Contract checks of a whole method: it learns from a toy request in a domain, and says the same twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from w2s_bench.contract import requests
from w2s_bench.method import PRIOR, STATES, TEACHERS, UNLABELED, VALIDATION, load_method
from w2s_bench.metrics.accuracy import accuracy
from w2s_bench.plan.reference_rows import PLANNED
from w2s_bench.records import Domain
from w2s_bench.run.student_process import fit_student
from w2s_bench.train.fit_request import FitRequest, FitResult

BETTER = 0.10  # than guessing, on a toy problem with labels that are right three times of four
DEALS = 8  # of weak labels that say nothing
ORDER = 0.05  # how far a probability may move when items change places in a batch of all


def _fitted(request: FitRequest) -> FitResult:
    """On one thread: these products are so small that threads would wait for each other."""
    return fit_student(request, 1)


def check_learning(name: str, domain: Domain) -> None:
    """Answers are distributions, equal twice, and better than guessing; reference rows need not be better."""
    method = load_method(name)
    if name in PLANNED:
        return  # made of other fits
    if method.fits_as is not None:
        name, method = method.fits_as, load_method(method.fits_as)
    request, where = toy(name, domain), f"{name}, {domain}"
    result, again = _fitted(request), _fitted(request)
    for part, answers in result.arrays.items():
        check_answers(f"{where}, part {part}", answers, request, part)
        assert np.array_equal(answers, again.arrays[part]), f"{where}: two fits of one request differ"
    if method.kind == "method":
        right = accuracy(result.arrays["test"], requests.gold_of(domain))
        chance = float(np.mean([1 / len(i.options) for i in request.items["test"]]))
        assert right >= chance + BETTER, (
            f"{where}: right in {right:.0%} of a toy problem where guessing gives {chance:.0%}"
        )


def check_order(name: str, domain: Domain) -> None:
    """Items in another order, each with its own label, in one batch: nothing changes but rounding."""
    method = load_method(name)
    if name in PLANNED or method.fits_as is not None or method.draws:
        return
    one = requests.whole_batch(toy(name, domain))
    other, order = requests.permuted(one)
    first, second = _fitted(one), _fitted(other)
    moved = [
        np.abs(first.arrays["test"] - second.arrays["test"]).max(),
        np.abs(first.arrays["transfer"][order] - second.arrays["transfer"]).max(),
    ]
    assert max(moved) < ORDER, f"{name}, {domain}: minds the order of items (by {max(moved):.3f})"


def check_shuffled(name: str, domain: Domain) -> None:
    """Weak labels dealt out to other items teach nothing: in one of a few deals the gain is gone.

    One deal is not enough: so few items have one dominant feature, and labels that agree with it by chance in
    a little over half of them are learned as if they meant it. Gold that leaked in would help in every deal.
    """
    method = load_method(name)
    if method.kind != "method" or method.fits_as is not None:
        return
    request, gold = toy(name, domain), requests.gold_of(domain)
    chance = float(np.mean([1 / len(i.options) for i in request.items["test"]]))
    found = []
    for seed in range(DEALS):
        found.append(accuracy(_fitted(requests.dealt(request, seed)).arrays["test"], gold))
        if found[-1] < chance + BETTER:
            return
    shown = ", ".join(f"{f:.0%}" for f in found)
    raise AssertionError(f"{name}, {domain}: right in {shown} of a toy problem with labels that say nothing")


def toy(name: str, domain: Domain) -> FitRequest:
    """The toy request of a method: with what it declares and no more."""
    method = load_method(name)
    request = requests.request(domain, name)
    labels = request.labels
    return replace(
        request,
        options=method.options.model_dump(mode="json"),
        stage=method.stage() if UNLABELED in method.inputs and domain != "chess" else {},
        teachers=request.teachers if TEACHERS in method.inputs else None,
        states=request.states if STATES in method.inputs else {},
        prior=request.prior if PRIOR in method.inputs else {},
        labels=labels if VALIDATION in method.inputs else {"transfer": labels["transfer"]},
    )


def check_answers(where: str, answers: NDArray[np.float32], request: FitRequest, part: str) -> None:
    """A distribution over the options of each item."""
    counts = [len(i.options) for i in request.items[part]]
    assert answers.shape == (len(counts), max(counts)), f"{where}: answers of shape {answers.shape}"
    assert np.isfinite(answers).all() and (answers >= 0).all(), f"{where}: answers are no probabilities"
    assert np.allclose(answers.sum(1), 1, atol=1e-3), f"{where}: answers do not sum to one"
    for row, count in zip(answers, counts, strict=True):
        assert not row[count:].any(), f"{where}: an answer where there is no option"


def learned_from(name: str, domain: Domain) -> FitResult:
    """The result of the toy request, for a method's own tests."""
    return _fitted(toy(name, domain))
