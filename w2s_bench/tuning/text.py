"""A search as text: what was chosen, and each option's sensitivity curve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from w2s_bench.tuning.record import Tuned, curve

BARS = " ▁▂▃▄▅▆▇█"


def tuned_document(found: Tuned) -> dict[str, Any]:
    """JSON values."""
    return asdict(found)


def tuned_text(found: Tuned) -> str:
    """A head, the options, and a curve for each: value, score, accuracy, in percent."""
    first = found.trials[0].options
    head = f"{found.method}: {found.budget} trials on {', '.join(found.tasks)}"
    lines = [
        head,
        f"  best leads the first by {_percent(found.lead)} points, needed {_percent(found.needed)}",
    ]
    for name in found.searched:
        same = "as before" if found.chosen[name] == first[name] else f"was {_short(first[name])}"
        lines.append(f"  {name} = {_short(found.chosen[name])} ({same})")
        lines += [f"    {line}" for line in curve_lines(found, name)]
    failed = [t for t in found.trials if t.failed is not None]
    return "\n".join([*lines, *(f"  failed with {t.options}: {t.failed}" for t in failed)])


def curve_lines(found: Tuned, option: str) -> Iterator[str]:
    """One line a trial, in the order of the option's value."""
    points = list(curve(found, option))
    scores = [float(t.score or 0.0) for _, t in points]
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    for (value, trial), score in zip(points, scores, strict=True):
        bar = BARS[1 + round((len(BARS) - 2) * (score - low) / (high - low))] if high > low else BARS[1]
        accuracy = "" if trial.accuracy is None else f"  accuracy {_percent(trial.accuracy)}"
        mark = "  chosen" if trial.options == found.chosen else ""
        yield f"{_short(value):>10}  {bar}  {_percent(score)}{accuracy}{mark}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
