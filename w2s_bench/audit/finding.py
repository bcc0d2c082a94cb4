"""Findings of an audit: a measured value, its threshold, and the card's reason for exceeding it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import sqrt
from typing import Any, Literal

from w2s_bench.task import TaskCard

State = Literal["ok", "noted", "known", "FAILS"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check of a task; ``told`` says in words what was measured.

    ``threshold`` None: the value is shown and never fails. ``of``: the part or tokenizer, where a check has
    several. ``why``: the card's reason for accepting a value above the threshold.
    """

    check: str
    value: float
    threshold: float | None
    told: str
    of: str = ""
    why: str = ""

    @property
    def state(self) -> State:
        """ok, noted (no threshold), known (fails, and the card says why that is accepted), or FAILS."""
        if self.threshold is None:
            return "noted"
        if self.value <= self.threshold:
            return "ok"
        return "known" if self.why else "FAILS"

    def describe(self) -> dict[str, Any]:
        """The finding and its state as JSON values."""
        return asdict(self) | {"state": self.state}


def allowed(limit: float, n: int) -> float:
    """A limit on a share of ``n`` items plus two standard errors, so that chance alone fails no task."""
    return min(1.0, limit + 2 * sqrt(limit * (1 - limit) / max(n, 1)))


def rate_text(what: str, value: float, other: str, reference: float) -> str:
    """How often ``what`` is right, beside a reference share, as a finding says it."""
    return f"{what} is right {value:.1%} of the time; {other} is {reference:.1%}"


def shown(texts: list[str]) -> str:
    """The first of some texts, as an example at the end of a finding's words."""
    return f", such as {texts[0][:80]!r}" if texts else ""


def judged(findings: list[Finding], card: TaskCard) -> list[Finding]:
    """The findings with the reasons that the card gives."""
    reasons = dict(card.findings)
    return [replace(f, why=reasons.get(f.check, "")) for f in findings]
