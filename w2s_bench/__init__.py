"""w2s-bench: benchmarks for weak-to-strong generalization. The public face; heavy parts load when used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "run_suite": "line",
    "plan_suite": "line",
    "write_report": "report.write",
    "Where": "line",
    "load_suite": "suite",
    "parse_suite": "suite",
    "Suite": "suite",
    "Task": "task",
    "TaskCard": "task",
    "Example": "task",
    "Item": "task",
    "preference": "task",
    "Method": "method",
    "MethodCard": "method",
    "Context": "method",
    "Model": "model",
    "ModelFamily": "model",
    "UserError": "errors",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
