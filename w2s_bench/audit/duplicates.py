"""Copies and near-copies of test items in the halves, and of the teacher half in the transfer half.

Texts are compared without case and punctuation; near-copies by word shingles: MinHash finds candidates, their
exact Jaccard similarity decides. Chess positions are compared exactly, without move counters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from w2s_bench.audit.finding import Finding, allowed, shown
from w2s_bench.audit.parts import Drawn
from w2s_bench.records import Domain
from w2s_bench.task import Example

MOST_COPIES = 0.005
MOST_NEAR = 0.01
MOST_PROMPTS = 0.05
SIMILAR = 0.8  # Jaccard similarity of the shingles of near-copies
SHINGLE = 3  # words
PERMUTATIONS = 64
CANDIDATES = 40  # of an item, that are compared exactly
Signed = dict[str, tuple[frozenset[str], Any]]  # shingles and MinHash by text
PAIRS = (("test", ("teacher", "transfer", "validation")), ("transfer", ("teacher",)))


def copies(drawn: Drawn) -> Iterator[Finding]:
    """Share of items whose content is also in another part, exactly or nearly."""
    signed: Signed = {}
    for part, others in PAIRS:
        items = drawn.parts.get(part, [])
        there = [e for other in others for e in drawn.parts.get(other, [])]
        if items and there:
            yield _exact(drawn, part, items, there)
            if drawn.card.domain != "chess":
                yield _near(drawn, part, items, there, signed)


def prompts(drawn: Drawn) -> Iterator[Finding]:
    """Share of test items whose prompt is also in the halves, under another group."""
    if drawn.card.classes or drawn.card.domain == "chess":
        return
    groups: dict[str, set[str]] = {}
    for example in drawn.training:
        groups.setdefault(plain(example.prompt), set()).add(example.group)
    shared = []
    for example in drawn.test:
        others = groups.get(plain(example.prompt), set()) - {example.group}
        if 0 < len(others) < len(drawn.training) / 20:
            shared.append(example.prompt)
    n = len(drawn.test)
    text = f"{len(shared)} of {n} test prompts are asked in the halves under another group{shown(shared)}"
    yield Finding("shared prompts", len(shared) / n, allowed(MOST_PROMPTS, n), text)


def plain(text: str) -> str:
    """The words of a text alone, in lower case."""
    return " ".join(re.findall(r"\w+", text.lower()))


def content(example: Example, domain: Domain, classes: bool) -> str:
    """The text by which examples are compared: no punctuation, order of options or move counters."""
    if domain == "chess":
        return " ".join((example.position or "").split()[:4])
    return plain(" ".join([example.prompt, *([] if classes else sorted(example.options))]))


def shingles(text: str) -> frozenset[str]:
    """Runs of three words; of shorter texts, the text."""
    words = text.split()
    starts = range(max(1, len(words) - SHINGLE + 1))
    return frozenset(" ".join(words[k : k + SHINGLE]) for k in starts)


def _contents(drawn: Drawn, examples: list[Example]) -> list[str]:
    return [content(e, drawn.card.domain, bool(drawn.card.classes)) for e in examples]


def _exact(drawn: Drawn, part: str, items: list[Example], there: list[Example]) -> Finding:
    known, n = set(_contents(drawn, there)), len(items)
    same = [text for text in _contents(drawn, items) if text in known]
    text = f"{len(same)} of {n} {part} items have a copy in another part{shown(same)}"
    return Finding("duplicates", len(same) / n, allowed(MOST_COPIES, n), text, of=part)


def _near(drawn: Drawn, part: str, items: list[Example], there: list[Example], signed: Signed) -> Finding:
    near, n = near_copies(_contents(drawn, items), _contents(drawn, there), signed), len(items)
    what = f"share {SIMILAR:.0%} of their three-word runs with an item of another part"
    text = f"{len(near)} of {n} {part} items {what}{shown(near)}"
    return Finding("near-duplicates", len(near) / n, allowed(MOST_NEAR, n), text, of=part)


def near_copies(texts: list[str], there: list[str], signed: Signed | None = None) -> list[str]:
    """The ``texts`` that nearly equal one of ``there``; ``signed`` caches hashes between calls."""
    from datasketch import MinHashLSH

    signed = {} if signed is None else signed
    _sign([*texts, *there], signed)
    index = MinHashLSH(threshold=SIMILAR - 0.1, num_perm=PERMUTATIONS)
    for text in dict.fromkeys(there):
        index.insert(text, signed[text][1])
    return [text for text in texts if _near_one_of(signed[text], index, signed)]


def _near_one_of(own: tuple[frozenset[str], Any], index: Any, signed: Signed) -> bool:
    """Whether a candidate of the index has a Jaccard similarity of at least :data:`SIMILAR`."""
    candidates = (signed[text][0] for text in sorted(index.query(own[1]))[:CANDIDATES])
    return any(len(own[0] & other) / len(own[0] | other) >= SIMILAR for other in candidates)


def _sign(texts: list[str], signed: Signed) -> None:
    from datasketch import MinHash

    new = list(dict.fromkeys(t for t in texts if t not in signed))
    sets = [shingles(text) for text in new]
    encoded = ([s.encode("utf8", "replace") for s in one] for one in sets)
    hashes = MinHash.generator(encoded, num_perm=PERMUTATIONS, hashfunc=crc32)
    signed |= {text: (one, minhash) for text, one, minhash in zip(new, sets, hashes, strict=True)}
