"""All checks of a task, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_bench.audit.bag_of_words import words
from w2s_bench.audit.balance import balance, leaks
from w2s_bench.audit.chess_rules import boards
from w2s_bench.audit.duplicates import copies, prompts
from w2s_bench.audit.finding import Finding, judged
from w2s_bench.audit.parts import SIZES, Drawn, draw
from w2s_bench.audit.privacy import personal
from w2s_bench.audit.shortcuts import guesses
from w2s_bench.audit.truncation import truncated
from w2s_bench.suite import Data
from w2s_bench.task import load_task

CHECKS = (copies, prompts, leaks, balance, guesses, words, boards, personal)
NAMES = frozenset((
    "duplicates", "near-duplicates", "shared prompts", "group leaks", "contents in two groups",
    "label balance", "answer's place", "length", "first option", "most common option", "bag of words",
    "options without the question", "illegal moves", "most common move", "most common destination",
    "best static capture", "truncated", "personal columns", "contact data",
))  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """The findings of a task, and how many examples of each part were checked."""

    task: str
    sizes: dict[str, int]
    findings: list[Finding]

    @property
    def failures(self) -> list[Finding]:
        """Findings above their threshold for which the card gives no reason."""
        return [f for f in self.findings if f.state == "FAILS"]

    def describe(self) -> dict[str, Any]:
        """The audit as JSON values: task, sizes of parts, checks."""
        return {"task": self.task, "parts": self.sizes, "checks": [f.describe() for f in self.findings]}


def audit_task(
    name: str, mirror: Path | None = None, tokenizers: Sequence[str] = (), data: Data = SIZES
) -> Audit:
    """Audit a task. Errors: UserError for an unknown task, missing data, or a bad tokenizer."""
    drawn = draw(load_task(name), mirror, data)
    return Audit(task=name, sizes=drawn.sizes, findings=judged(look(drawn, tokenizers), drawn.card))


def look(drawn: Drawn, tokenizers: Sequence[str] = ()) -> list[Finding]:
    """Run all checks on drawn parts; the findings are without the card's reasons."""
    return [f for check in CHECKS for f in check(drawn)] + list(truncated(drawn, tokenizers))


def audit_text(audit: Audit) -> str:
    """One line for each finding: state, check, value, threshold; details below those that are not ok."""
    sizes = ", ".join(f"{n} {part}" for part, n in audit.sizes.items())
    lines = [f"{audit.task}: {sizes}"]
    for finding in audit.findings:
        name = f"{finding.check} ({finding.of})" if finding.of else finding.check
        limit = "" if finding.threshold is None else f"  at most {finding.threshold:.3f}"
        lines.append(f"{finding.state:<5}  {name:<38}  {finding.value:6.3f}{limit}")
        if finding.state != "ok":
            lines.append(f"       {' '.join(finding.told.split())}")
        if finding.state == "known":
            lines.append(f"       the card: {finding.why}")
    return "\n".join(lines)
