"""Scaffold of methods: a starting file with its test, and the contract checks as findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from w2s_bench.errors import UserError
from w2s_bench.records import Domain
from w2s_bench.scaffold.files import words_of, write_new

DOMAINS: tuple[Domain, ...] = ("nlp", "chess", "reward")
METHOD = '''"""{title}: what the student learns from, in one line, which ``list methods`` shows."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import Context, Method, MethodCard, cross_entropy, harden


class {name}(Method):
    """What is done with the weak labels, and why it should help."""

    card = MethodCard(
        title="{title}",
        paper="none: started from a template",
        formula="L = CE((1 − hard)·w + hard·1[w], s)",
        checked="nothing yet",
    )

    class Options(method.Options):
        """``hard``: how much of a target is the teacher's most probable option alone."""

        hard: float = Field(0.5, ge=0, le=1)

    def targets(self, weak: Tensor, mask: Tensor) -> Tensor:
        """Made once, before training: weak labels ``[N, O]`` to targets ``[N, O]`` that sum to one."""
        return (1 - self.options.hard) * weak + self.options.hard * harden(weak)

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """A scalar from a batch: logits, targets and mask are ``[B, O]``, whatever the domain."""
        return cross_entropy(logits, weak)


METHOD = {name}
'''
TEST = '''"""Tests of {name}: a value by hand, and the contract in all three domains."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from w2s_bench.contract import checks, learning
from w2s_bench.method import load_method, targets_of

NAME = f"{{Path(__file__).with_name('{stem}.py')}}:{name}"


def test_targets_by_hand() -> None:
    weak, mask = torch.tensor([[0.6, 0.4]]), torch.ones(1, 2, dtype=torch.bool)
    targets = targets_of(load_method(NAME, {{"hard": 0.5}}), weak, mask)
    assert targets[0].tolist() == pytest.approx([0.8, 0.2])


def test_it_holds_the_contract() -> None:
    checks.check_method(NAME)


@pytest.mark.parametrize("domain", ["nlp", "chess", "reward"])
def test_it_learns(domain: str) -> None:
    learning.check_learning(NAME, domain)
    learning.check_order(NAME, domain)
    learning.check_shuffled(NAME, domain)
'''


def new_method(name: str, folder: Path) -> list[Path]:
    """Write a working method file and its test; nothing is overwritten.

    Errors: UserError for a bad name or a file that already exists.
    """
    words = words_of(name, "method", "sharp-labels")
    stem, title = "_".join(words).lower(), " ".join(words).lower().capitalize()
    values = {"stem": stem, "title": title, "name": "".join(w[0].upper() + w[1:] for w in words)}
    texts = {folder / f"{stem}.py": METHOD, folder / f"test_{stem}.py": TEST}
    return write_new({path: text.format(**values) for path, text in texts.items()})


def named(path: Path) -> str:
    """The method in a file that :func:`new_method` wrote, as suites and the command line name it."""
    definition = re.search(r"^class (\w+)\(Method\):", path.read_text("utf8"), re.MULTILINE)
    assert definition is not None
    return f"{path}:{definition[1]}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A check of a method; ``wrong`` says what failed, None if nothing did."""

    check: str
    wrong: str | None


def check_method(name: str) -> Iterator[Finding]:
    """The contract checks of a method, one after another, on toy data of the domains that it is defined in.

    Errors: UserError where it does not load at all.
    """
    from w2s_bench.contract import checks, learning
    from w2s_bench.method import load_method

    method = load_method(name)
    yield _run_check("card, options, targets and loss", lambda: checks.check_method(name))
    for domain in (domain for domain in DOMAINS if domain in method.domains):
        for what, check in (
            ("learns a toy problem, twice the same", learning.check_learning),
            ("learns nothing from shuffled labels", learning.check_shuffled),
            ("does not mind the order of items", learning.check_order),
        ):
            yield _run_check(f"{domain}: {what}", partial(check, name, domain))


def _run_check(what: str, check: Callable[[], None]) -> Finding:
    try:
        check()
    except (AssertionError, UserError) as error:
        return Finding(what, " ".join(str(error).split()))
    except Exception as error:  # any error of a method is a finding
        return Finding(what, f"{type(error).__name__}: {error}")
    return Finding(what, None)
