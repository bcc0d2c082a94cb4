"""Searches as text: the chosen options, and the sensitivity curve of each option."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from w2s_bench.tuning.record import Tuned, curve

BARS = " ▁▂▃▄▅▆▇█"


def tuned_text(search: Tuned) -> str:
    """A head, the options, and a curve for each: value, score, accuracy, in percent."""
    first = search.trials[0].options
    lines = [
        f"{search.method}: {search.budget} trials on {', '.join(search.tasks)}",
        f"  best leads the first by {_percent(search.lead)} points, needed {_percent(search.needed)}",
    ]
    for name in search.searched:
        same = "as before" if search.chosen[name] == first[name] else f"was {_short(first[name])}"
        lines.append(f"  {name} = {_short(search.chosen[name])} ({same})")
        lines += [f"    {line}" for line in curve_lines(search, name)]
    failed = [t for t in search.trials if t.failed is not None]
    return "\n".join([*lines, *(f"  failed with {t.options}: {t.failed}" for t in failed)])


def curve_lines(search: Tuned, option: str) -> Iterator[str]:
    """One line for each trial, in the order of the option's value."""
    points = list(curve(search, option))
    scores = [float(t.score or 0.0) for _, t in points]
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    for (value, trial), score in zip(points, scores, strict=True):
        bar = BARS[1 + round((len(BARS) - 2) * (score - low) / (high - low))] if high > low else BARS[1]
        accuracy = "" if trial.accuracy is None else f"  accuracy {_percent(trial.accuracy)}"
        mark = "  chosen" if trial.options == search.chosen else ""
        yield f"{_short(value):>10}  {bar}  {_percent(score)}{accuracy}{mark}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
