"""Bad rows: never trained on, counted by reason with one example each, and limited in number.

A row is bad if reading it fails (in the task's source, filter or group) or if its example breaks the
contract. An error of a file as a whole is no bad row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from w2s_bench.errors import BadData

MOST = 0.05  # share of bad rows above which a task stops
LONGEST = 100_000  # characters of an item's prompt and options together
KINDS = 12  # most reasons that are counted apart; further ones count under OTHER
ROUNDING = 1e-9  # one in twenty is a little above 0.05 in floating point
SHOWN = 160  # characters of a row in a message

EMPTY, LONG, UNICODE = "empty text", "text too long", "bad Unicode"
LABEL, OPTIONS, EQUAL = "label outside the range", "too few or equal options", "identical sides"
NAN, NULL, TYPE, OTHER = "NaN", "missing value", "value of a wrong type", "other reasons"

# Errors of a task's functions that mean a bad row; any other error is a bug in the task.
UNUSABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)

Stage = Literal["read", "built"]


class BadRow(ValueError):
    """A row that cannot be used; it is counted under ``reason``, and the text says what is wrong."""

    def __init__(self, reason: str, what: str) -> None:
        self.reason = reason
        super().__init__(what)


class BrokenRow(dict[str, Any]):
    """A raw row that a source failed to read, in its place among the others; ``error`` says why."""

    def __init__(self, row: Any, error: Exception) -> None:
        super().__init__(row if isinstance(row, Mapping) else {"row": row})
        self.error = error


def short(row: Any) -> str:
    """A row as one line of a message, cut to SHOWN characters."""
    text = repr(dict(row)) if isinstance(row, Mapping) else repr(row)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _one_line(error: Exception) -> str:
    """The text of an error as one line in valid Unicode."""
    line = " ".join(str(error).replace("\0", "\\0").split())[:300]
    return line.encode("utf8", "backslashreplace").decode()


def bad_row(error: Exception, where: str) -> BadData:
    """The error for one bad row."""
    mend = "correct or remove that row in the data set"
    return BadData(f"row cannot be used: {_one_line(error)}", where=where, mend=mend)


def has_nan(row: Any) -> bool:
    """Whether a value of the row is NaN."""
    return isinstance(row, Mapping) and any(isinstance(v, float) and v != v for v in row.values())


def reason_of(error: Exception, row: Any) -> str:
    """The reason under which a row is counted, without its own quotations and numbers."""
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
    text = re.sub(r"""(?<!\w)('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", "…", _one_line(error))
    return re.sub(r"-?\d+(\.\d+)?", "…", text)[:80].strip() or type(error).__name__


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Bad rows of one reason: their number, the stage at which they failed, the index of the first in the
    source, and that row with its error."""

    reason: str
    stage: Stage
    rows: int
    first: int
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Excluded:
    """Bad rows of one split of a task, among those that were looked at.

    ``read`` rows went through source, filter and group; an example was made of ``built`` of them, as many as
    the parts needed.
    """

    read: int = 0
    built: int = 0
    reasons: list[Reason] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """The number of rows left out."""
        return sum(r.rows for r in self.reasons)

    @property
    def share(self) -> float:
        """The expected share of bad rows: one minus the shares that pass reading and building, multiplied."""
        lost = {"read": 0, "built": 0}
        for reason in self.reasons:
            lost[reason.stage] += reason.rows
        return 1 - (1 - lost["read"] / max(self.read, 1)) * (1 - lost["built"] / max(self.built, 1))

    def __str__(self) -> str:
        head = f"{self.bad:,} of the rows looked at ({self.read:,} read, {self.built:,} built)"
        return f"{head} left out: {self.kinds}" if self.reasons else f"none {head.partition(' ')[2]} left out"

    @property
    def kinds(self) -> str:
        """The reasons and their counts in one line."""
        return ", ".join(f"{r.reason} {r.rows:,}" for r in self.reasons)


class Census:
    """Counts the rows of one split while they are looked at; ``where`` names task and split."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.read = self.built = 0
        self._counts: dict[tuple[str, Stage], list[Any]] = {}

    def count(self, stage: Stage, number: int, row: Any, error: Exception) -> None:
        """Count the bad row ``number`` under its reason; the first of a reason becomes its example."""
        key = reason_of(error, row), stage
        if key not in self._counts and len(self._counts) >= KINDS:
            key = OTHER, stage
        if key not in self._counts:
            shown = short(row).encode("utf8", "backslashreplace").decode()
            self._counts[key] = [0, number, f"{shown}: {_one_line(error)}"]
        self._counts[key][0] += 1

    @property
    def excluded(self) -> Excluded:
        """The counts so far, the most frequent reason first."""
        counts = sorted(self._counts.items(), key=lambda kv: (-kv[1][0], kv[0]))
        reasons = [
            Reason(reason=reason, stage=stage, rows=rows, first=first, example=example)
            for (reason, stage), (rows, first, example) in counts
        ]
        return Excluded(read=self.read, built=self.built, reasons=reasons)

    def check(self) -> None:
        """Raise BadData if the share of bad rows is above MOST."""
        bad = self.excluded
        if bad.share <= MOST + ROUNDING:
            return
        first = bad.reasons[0]
        raise BadData(
            f"{bad.share:.1%} of the rows looked at cannot be used ({bad.read:,} read, {bad.built:,} "
            f"built): {bad.kinds}; for example row {first.first} {first.example}",
            where=self.where,
            expected=f"at most {MOST:.0%} of such rows",
            mend="correct or remove those rows in the data set",
        )
