"""Files of older schemas: each step makes a value of one version into one of the next, when it is read.

Whoever changes what a kind of file holds raises its schema, adds here the step from the version before, and
leaves a golden file of that version in tests/golden: what was written once is read for ever. Nothing is
written again in a new form. There has been no second version of anything yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

VERSION = "schema_version"
Step = Callable[[dict[str, Any]], dict[str, Any]]
STEPS: dict[tuple[str, int], Step] = {}  # by kind of file (the name of its class) and version it starts from


def too_new(value: Any, newest: int) -> int | None:
    """The version that a value says it has, where that is above the newest that is known."""
    told = value.get(VERSION) if isinstance(value, Mapping) else None
    return told if type(told) is int and told > newest else None


def upgraded(kind: str, value: Any, newest: int) -> Any:
    """The same value in the newest version; as it is, where no step starts from its version: then whoever
    validates it says what is wrong."""
    while isinstance(value, Mapping) and value.get(VERSION) != newest:
        step = STEPS.get((kind, value[VERSION])) if type(value.get(VERSION)) is int else None
        if step is None:
            return value
        value = step(dict(value)) | {VERSION: value[VERSION] + 1}
    return value
