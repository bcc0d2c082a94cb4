"""The space of a search: an axis for each numeric option, from its bounds and default.

Flags and choices are not searched: they select among published formulas, so that another value would be
another method.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from optuna import Trial
from pydantic.fields import FieldInfo

from w2s_bench.method import Options

WIDE = 10.0  # a range up to this many times the default is searched on a log scale, from 1/WIDE to WIDE times
FURTHER = 3  # else a whole number is tried up to its default plus this: rounds and epochs cost fits


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """One option: numbers from ``low`` to ``high``, by factors where ``log``."""

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def suggest(self, trial: Trial) -> Any:
        """The value that a trial takes, to two digits: options are read by people."""
        if self.whole:
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log)
        value = trial.suggest_float(self.name, self.low, self.high, log=self.log)
        return min(max(float(f"{value:.2g}"), self.low), self.high)


def axes(options: type[Options]) -> list[Axis]:
    """Axes of all options that can be searched: numbers with a default to start from."""
    return [
        _axis(name, float(field.default), dict(_bounds(field)), whole=field.annotation is int)
        for name, field in options.model_fields.items()
        if field.annotation in (int, float)
    ]


def _bounds(field: FieldInfo) -> Iterator[tuple[str, float]]:
    """``low`` and ``high``, and which of them is open."""
    for constraint in field.metadata:
        for attribute, side in (("ge", "low"), ("gt", "low"), ("le", "high"), ("lt", "high")):
            if (bound := getattr(constraint, attribute, None)) is not None:
                yield side, float(bound)
                if attribute in ("gt", "lt"):
                    yield f"open {side}", 1.0


def _axis(name: str, default: float, bounds: dict[str, float], *, whole: bool) -> Axis:
    low, high = bounds.get("low", 0.0), bounds.get("high", math.inf)
    if default > 0 and high / default >= WIDE and not (whole and high == math.inf):
        low, high = max(low, default / WIDE), min(high, default * WIDE)
        return Axis(name=name, low=max(low, 1.0) if whole else low, high=high, log=True, whole=whole)
    if whole:
        return Axis(name=name, low=low, high=min(high, default + FURTHER), whole=True)
    inset = 0.05 * (high - low)
    low += inset if "open low" in bounds else 0.0
    high -= inset if "open high" in bounds else 0.0
    return Axis(name=name, low=low, high=high)
