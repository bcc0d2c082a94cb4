"""Whether groups stay in one part, classes are about equally frequent, and the answer has no fixed place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from w2s_bench.audit.finding import Finding, allowed
from w2s_bench.audit.parts import Drawn
from w2s_bench.task import Example

MAJORITY = 0.10  # above an equal share
PLACE = 0.05
PARTS = ("teacher", "transfer", "test")


def leaks(drawn: Drawn) -> Iterator[Finding]:
    """Groups that stand in two parts, and contents that stand in two groups: neither may happen."""
    parts = {name: {e.group for e in part} for name, part in drawn.parts.items()}
    counts = Counter(group for groups in parts.values() for group in groups)
    torn = [group for group, n in counts.items() if n > 1]
    yield Finding(
        check="group leaks",
        value=len(torn) / max(len(counts), 1),
        threshold=0.0,
        told=f"{len(torn)} of {len(counts)} groups stand in two parts"
        + (f", such as {torn[0][:80]!r}" if torn else ""),
    )
    yield Finding(
        check="contents in two groups",
        value=drawn.torn / max(sum(map(len, drawn.parts.values())), 1),
        threshold=0.01,
        told=f"{drawn.torn} contents stand under several groups (one copy is drawn)",
    )


def balance(drawn: Drawn) -> Iterator[Finding]:
    """The share of the most frequent class, or of the answer's most frequent place among the options."""
    if drawn.card.domain == "chess":
        return
    for name in PARTS:
        if part := drawn.parts.get(name):
            yield _classes(drawn, name, part) if drawn.card.classes else _places(name, part)


def _classes(drawn: Drawn, name: str, part: list[Example]) -> Finding:
    classes = drawn.card.classes
    (gold, count), *_ = Counter(e.gold for e in part).most_common(1)
    return Finding(
        check="label balance",
        of=name,
        value=count / len(part),
        threshold=allowed(1 / len(classes) + MAJORITY, len(part)),
        told=f"{classes[gold]!r} is right {count / len(part):.1%} of the time; an equal share is "
        f"{1 / len(classes):.1%}",
    )


def _places(name: str, part: list[Example]) -> Finding:
    """The place, counted from the front, that is right more often than its items' numbers of options say."""
    right = Counter(e.gold for e in part)
    expected = Counter[int]()
    for example in part:
        for place in range(len(example.options)):
            expected[place] += 1 / len(example.options)  # type: ignore[assignment]
    worst = max(right, key=lambda place: right[place] - expected[place])
    equal = expected[worst] / len(part)
    return Finding(
        check="answer's place",
        of=name,
        value=right[worst] / len(part),
        threshold=allowed(equal + PLACE, len(part)),
        told=f"option {worst + 1} is right {right[worst] / len(part):.1%} of the time; an equal share is "
        f"{equal:.1%}",
    )
