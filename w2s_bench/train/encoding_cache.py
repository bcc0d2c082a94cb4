"""A cache of encoded items, because a process fits one model under many methods on the same items."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from w2s_bench.model import Model
from w2s_bench.task import Item

CAPACITY = 40_000  # items; the least recently used go first

_cache: OrderedDict[tuple[str, ...], list[Any]] = OrderedDict()


def encode(model: Model, name: str, items: Sequence[Item]) -> list[Any]:
    """``model.encode(items)`` for a model that was built by ``name``.

    Cached only where the model declares :attr:`Model.encodes_by_name`.
    """
    if not model.encodes_by_name:
        return model.encode(items)
    content = [(item.id, item.prompt, item.options, item.position) for item in items]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    key = (name, repr(getattr(model, "shape", None)), digest)
    if key in _cache:
        _cache.move_to_end(key)
        return list(_cache[key])
    _cache[key] = model.encode(items)
    while len(_cache) > 1 and sum(map(len, _cache.values())) > CAPACITY:
        _cache.popitem(last=False)
    return list(_cache[key])
