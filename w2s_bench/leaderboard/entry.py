"""The entry of a board made from a verified bundle."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from w2s_bench.leaderboard.entry_file import Published, dump, scored_of
from w2s_bench.plan.extra_methods import compared
from w2s_bench.registry.items import items
from w2s_bench.registry.load import load
from w2s_bench.submission.standard import places
from w2s_bench.submission.verify import Verified

OF_INTERVALS = {"detectable", "reason"}  # columns that follow from intervals, beside the bounds
ROUNDING = 1e-9  # between processors; one changed answer moves a score by at least 1e-5


def entry_of(done: Verified, bundle: str, known: Published | None = None) -> Published:
    """The entry of a verified bundle with the hash ``bundle``.

    Inputs and card are not in the bundle: they come from the installed method, or from the entry ``known``.
    """
    head = done.manifest
    method, info = head.method, head.suite
    inputs, card = (known.inputs, known.card) if known else _declared(method.name, method.own)
    cells = [c for c in done.cells if c.method == method.label and c.failed is None]
    suite = done.standard.suite
    whole = {(*place, seed) for place in places(compared(suite)) for seed in suite.seeds}
    scored = {(c.task, c.teacher, c.student, c.seed) for c in cells}
    return Published(
        bundle=bundle,
        suite=info.name,
        suite_version=info.version,
        suite_hash=info.hash,
        method=method.label,
        name=method.name,
        own=method.own,
        code=method.code,
        options=dict(method.options),
        kind="oracle" if method.uses_gold else "reference" if method.reference else "method",
        inputs=inputs,
        card=card,
        tuning=method.tuning,
        seeds=head.seeds,
        coverage=len(scored & whole) / len(whole),
        cost_seconds=head.cost_seconds,
        parameters={fit.model: fit.parameters for fit in done.fits},
        code_version=head.code_version,
        libraries=dict(head.libraries),
        python=head.python,
        platform=head.platform,
        device=head.device,
        workers=head.workers,
        rows=done.rows,
        scored=[scored_of(cell) for cell in done.scored],
    )


def _declared(name: str, own: bool) -> tuple[list[str] | None, dict[str, str]]:
    """Inputs and card of a registered method; None and nothing for other code."""
    if own or name not in items("method"):
        return None, {}
    method = load("method", name)
    card = {key: str(value) for key, value in asdict(method.card).items() if value}
    return sorted(method.inputs), card


def equal_but_for_rounding(one: Published, other: Published, intervals: bool = True) -> bool:
    """Whether two entries differ by rounding at most: processors sum in different orders.

    Without ``intervals`` only points count: an archive's intervals are those of the edition that made it.
    """
    documents = json.loads(dump(one)), json.loads(dump(other))
    for document in () if intervals else documents:
        document["rows"] = [
            {n: v for n, v in row.items() if not n.endswith(("_low", "_high")) and n not in OF_INTERVALS}
            for row in document["rows"]
        ]
    return _alike(*documents)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=ROUNDING, abs_tol=ROUNDING)
    return type(one) is type(other) and bool(one == other)
