"""Items as a model reads them, encoded once a process for all fits of that model on them.

A student's process fits one model under many methods, on the same items: turning texts into tokens, or
positions into moves, takes a good part of a small model's fit.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from w2s_bench.model import Model
from w2s_bench.task import Item

MOST = 40_000  # items that are kept; those used longest ago go first
OURS = "w2s_bench.models."  # families whose encode() follows from a model's name and shape

_kept: OrderedDict[tuple[str, ...], list[Any]] = OrderedDict()


def encode(model: Model, name: str, items: Sequence[Item]) -> list[Any]:
    """What ``model.encode(items)`` gives, for a model that was built by ``name``; kept for our own families,
    of others one does not know what their encoding depends on."""
    if not type(model).__module__.startswith(OURS):
        return model.encode(items)
    seen = [(item.id, item.prompt, item.options, item.position) for item in items]
    digest = hashlib.sha256(json.dumps(seen).encode()).hexdigest()
    key = (name, repr(getattr(model, "shape", None)), digest)
    if key in _kept:
        _kept.move_to_end(key)
        return list(_kept[key])
    _kept[key] = model.encode(items)
    while len(_kept) > 1 and sum(map(len, _kept.values())) > MOST:
        _kept.popitem(last=False)
    return list(_kept[key])
