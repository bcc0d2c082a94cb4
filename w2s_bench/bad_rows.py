"""Rows that cannot be used: counted by reason, shown once for each, never trained on, and not too many.

A row cannot be used where reading it fails (the source, the filter or the group of the task stumbles over it)
or where the example made of it breaks the contract. What is wrong with a file as a whole is no bad row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from w2s_bench.errors import BadData

MOST = 0.05  # share of bad rows above which a task stops
LONGEST = 100_000  # characters of an item's prompt and options together
KINDS = 12  # reasons told apart; whatever else there is counts under OTHER
ROUNDING = 1e-9  # one in twenty is a little above 0.05 in floating point
SHOWN = 160  # characters of a row in a message

EMPTY, LONG, UNICODE = "empty text", "text too long", "bad Unicode"
LABEL, OPTIONS, EQUAL = "label outside the range", "too few or equal options", "identical sides"
NAN, NULL, TYPE, OTHER = "NaN", "missing value", "value of a wrong type", "other reasons"

# What the functions of a task raise over a row that they cannot use; anything else is a mistake in them.
UNUSABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)

Stage = Literal["read", "built"]


class BadRow(ValueError):
    """A row that cannot be used; ``reason`` is what it is counted under, the text says what is wrong."""

    def __init__(self, reason: str, what: str) -> None:
        self.reason = reason
        super().__init__(what)


class BrokenRow(dict[str, Any]):
    """A raw row over which a source stumbled, in its place among the others; ``error`` says why."""

    def __init__(self, row: Any, error: Exception) -> None:
        super().__init__(row if isinstance(row, Mapping) else {"row": row})
        self.error = error


def short(row: Any) -> str:
    """A row as one line of a message."""
    text = repr(dict(row)) if isinstance(row, Mapping) else repr(row)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def told(error: Exception) -> str:
    """What is wrong, as one line that can be written anywhere."""
    line = " ".join(str(error).replace("\0", "\\0").split())[:300]
    return line.encode("utf8", "backslashreplace").decode()


def bad_row(error: Exception, where: str) -> BadData:
    """What a row that cannot be used is told as."""
    mend = "correct or remove that row in the data set"
    return BadData(f"row cannot be used: {told(error)}", where=where, mend=mend)


def has_nan(row: Any) -> bool:
    """Whether a value of the row is not a number."""
    return isinstance(row, Mapping) and any(isinstance(v, float) and v != v for v in row.values())


def reason_of(error: Exception, row: Any) -> str:
    """What a row is counted under: without what is particular to it, so that like rows count together."""
    if isinstance(error, BadRow):
        return error.reason
    if isinstance(error, UnicodeError):
        return UNICODE
    if isinstance(error, KeyError):
        return f"missing key {error}"[:80]
    if has_nan(row) and (isinstance(error, TypeError | AttributeError) or "nan" in str(error).lower()):
        return NAN
    if isinstance(error, TypeError | AttributeError):
        values = row.values() if isinstance(row, Mapping) else ()
        return NULL if any(v is None for v in values) else TYPE
    return _template(told(error)) or type(error).__name__


def _template(text: str) -> str:
    """A message without its quotations and numbers."""
    text = re.sub(r"""(?<!\w)('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", "…", text)
    return re.sub(r"-?\d+(\.\d+)?", "…", text)[:80].strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Rows that cannot be used for one reason: how many, whether they failed when ``read`` or when ``built``,
    the number of the first (from 0, as the source gives them), and that row and what is wrong with it."""

    reason: str
    stage: Stage
    rows: int
    first: int
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Excluded:
    """Rows of one split of a task that were looked at and cannot be used.

    ``read`` rows went through source, filter and group; an example was made of ``built`` of them, as many as
    the parts needed. ``bad`` is the number of rows left out.
    """

    read: int = 0
    built: int = 0
    reasons: list[Reason] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """Rows left out."""
        return sum(r.rows for r in self.reasons)

    @property
    def share(self) -> float:
        """The share of rows that cannot be used: of those read, and of the rest as of those built."""
        lost = {"read": 0, "built": 0}
        for reason in self.reasons:
            lost[reason.stage] += reason.rows
        return 1 - (1 - lost["read"] / max(self.read, 1)) * (1 - lost["built"] / max(self.built, 1))

    def __str__(self) -> str:
        kinds = ", ".join(f"{r.reason} {r.rows:,}" for r in self.reasons)
        head = f"{self.bad:,} of the rows looked at ({self.read:,} read, {self.built:,} built)"
        return f"{head} left out: {kinds}" if kinds else f"none {head.partition(' ')[2]} left out"


class Census:
    """Counts the rows of one split while they are looked at; ``where`` names task and split."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.read = self.built = 0
        self._found: dict[tuple[str, Stage], list[Any]] = {}

    def count(self, stage: Stage, number: int, row: Any, error: Exception) -> None:
        """A row that cannot be used."""
        key = reason_of(error, row), stage
        if key not in self._found and len(self._found) >= KINDS:
            key = OTHER, stage
        if key not in self._found:
            shown = short(row).encode("utf8", "backslashreplace").decode()
            self._found[key] = [0, number, f"{shown}: {told(error)}"]
        self._found[key][0] += 1

    @property
    def excluded(self) -> Excluded:
        """What was counted, the most frequent reason first."""
        found = sorted(self._found.items(), key=lambda kv: (-kv[1][0], kv[0]))
        reasons = [
            Reason(reason=reason, stage=stage, rows=rows, first=first, example=example)
            for (reason, stage), (rows, first, example) in found
        ]
        return Excluded(read=self.read, built=self.built, reasons=reasons)

    def check(self) -> None:
        """Errors: BadData where too many rows cannot be used."""
        found = self.excluded
        if found.share <= MOST + ROUNDING:
            return
        kinds = ", ".join(f"{r.reason} {r.rows:,}" for r in found.reasons)
        first = found.reasons[0]
        raise BadData(
            f"{found.share:.1%} of the rows looked at cannot be used ({found.read:,} read, {found.built:,} "
            f"built): {kinds}; for example row {first.first} {first.example}",
            where=self.where,
            expected=f"at most {MOST:.0%} of such rows",
            mend="correct or remove those rows in the data set",
        )
