"""What an audit found: a measured value, the threshold that it must not exceed, whether the card knows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import sqrt
from typing import Any, Literal

from w2s_bench.task import TaskCard

State = Literal["ok", "noted", "known", "FAILS"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A check of a task. ``of``: which part or tokenizer, where a check looks at several.

    ``threshold`` None: the value is shown and never fails. ``why``: the card's reason for accepting it.
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
        """JSON values."""
        return asdict(self) | {"state": self.state}


def allowed(limit: float, n: int) -> float:
    """A limit on a share of ``n`` items and two standard errors more: chance alone must not fail a task."""
    return min(1.0, limit + 2 * sqrt(limit * (1 - limit) / max(n, 1)))


def judged(findings: list[Finding], card: TaskCard) -> list[Finding]:
    """The findings with the card's reasons."""
    reasons = dict(card.findings)
    return [replace(f, why=reasons.get(f.check, "")) for f in findings]
