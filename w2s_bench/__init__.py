"""w2s-bench: benchmarks for weak-to-strong generalization. The public names, imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_NAMES = {
    "api": "run_suite plan_suite",
    "run.settings": "RunSettings",
    "report.write": "write_report",
    "suite": "load_suite parse_suite Suite",
    "task": "Task TaskCard Example Item preference",
    "method": "Method MethodCard Context",
    "model": "Model ModelFamily",
    "errors": "UserError",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
