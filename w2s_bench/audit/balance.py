"""Whether groups stay in one part, classes are about equally frequent, and the answer has no fixed place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from w2s_bench.audit.finding import Finding, allowed, rate_text, shown
from w2s_bench.audit.parts import Drawn
from w2s_bench.task import Example

MAJORITY = 0.10  # above an equal share
PLACE = 0.05
PARTS = ("teacher", "transfer", "test")


def leaks(drawn: Drawn) -> Iterator[Finding]:
    """Groups that are in two parts, and contents that are in two groups."""
    parts = {name: {e.group for e in part} for name, part in drawn.parts.items()}
    counts = Counter(group for groups in parts.values() for group in groups)
    torn = [group for group, n in counts.items() if n > 1]
    text = f"{len(torn)} of {len(counts)} groups stand in two parts" + shown(torn)
    yield Finding("group leaks", len(torn) / max(len(counts), 1), 0.0, text)
    share = drawn.torn / max(sum(map(len, drawn.parts.values())), 1)
    text = f"{drawn.torn} contents stand under several groups (one copy is drawn)"
    yield Finding("contents in two groups", share, 0.01, text)


def balance(drawn: Drawn) -> Iterator[Finding]:
    """The share of the most frequent class, or of the answer's most frequent place among the options."""
    if drawn.card.domain == "chess":
        return
    for name in PARTS:
        if part := drawn.parts.get(name):
            yield _classes(drawn, name, part) if drawn.card.classes else _places(name, part)


def _classes(drawn: Drawn, name: str, part: list[Example]) -> Finding:
    (gold, count), *_ = Counter(e.gold for e in part).most_common(1)
    value, equal, n = count / len(part), 1 / len(drawn.card.classes), len(part)
    text = rate_text(repr(drawn.card.classes[gold]), value, "an equal share", equal)
    return Finding("label balance", value, allowed(equal + MAJORITY, n), text, of=name)


def _places(name: str, part: list[Example]) -> Finding:
    """The place, counted from the front, that is right most often beyond its expected frequency."""
    right = Counter(e.gold for e in part)
    expected = Counter[int]()
    for example in part:
        for place in range(len(example.options)):
            expected[place] += 1 / len(example.options)  # type: ignore[assignment]
    worst = max(right, key=lambda place: right[place] - expected[place])
    value, equal, n = right[worst] / len(part), expected[worst] / len(part), len(part)
    text = rate_text(f"option {worst + 1}", value, "an equal share", equal)
    return Finding("answer's place", value, allowed(equal + PLACE, n), text, of=name)
