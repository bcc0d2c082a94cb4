"""Personal data: columns that name people must not be read, addresses and numbers in texts are counted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from w2s_bench.audit.finding import Finding
from w2s_bench.audit.parts import Drawn
from w2s_bench.sources import Source
from w2s_bench.task import Example

PERSONAL = re.compile(
    r"(^|_)(author|user|username|user_?id|annotator|worker|e?mail|phone|ip|address|(first|last|full|nick|real)?_?name)"
    r"(s|_?id)?($|_)",
    re.IGNORECASE,
)
EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
PHONE = re.compile(r"(?<![\w.,])(\+\d{1,3}[ .-]?)?(\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w.,]?\d)")
MOST = 0.01


def personal(drawn: Drawn) -> Iterator[Finding]:
    """Columns that are named like people's data; items with an e-mail address or a phone number."""
    columns = columns_of(drawn.source)
    private = [c for c in columns if PERSONAL.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", c))]
    text = "none is read" if columns else "no columns are declared"
    text = f"reads {', '.join(private)}" if private else text
    yield Finding("personal columns", float(len(private)), 0.0, text)
    yield _contacts([e for part in drawn.parts.values() for e in part])


def columns_of(source: Source | None) -> tuple[str, ...]:
    """The columns that a source declares, or the one that it wraps."""
    if source is None:
        return ()
    return getattr(source, "columns", None) or columns_of(getattr(source, "source", None))


def _contacts(examples: list[Example]) -> Finding:
    texts = ["\n".join((e.prompt, *e.options)) for e in examples]
    mails, phones = (sum(bool(p.search(t)) for t in texts) for p in (EMAIL, PHONE))
    either = sum(bool(EMAIL.search(t) or PHONE.search(t)) for t in texts)
    text = f"{mails} items hold an e-mail address, {phones} a phone number, of {len(texts)}"
    return Finding("contact data", either / len(texts), MOST, text)
