"""Skip a test where the mirror lacks a task's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def needs_real_rows(task: Any, mirror: Path) -> None:
    """Skip where the mirror lacks the data set, the configuration or all splits of a task of the hub."""
    source = task.source
    while not hasattr(source, "path"):
        source = source.source
    readme = mirror / source.path / "README.md"
    if not readme.is_file():
        pytest.skip(f"{source.path} is not in the mirror")
    told = readme.read_text("utf8")
    if source.config and f"config_name: {source.config}\n" not in told:
        pytest.skip(f"{source.path} has no configuration {source.config} in the mirror")
