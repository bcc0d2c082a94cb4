"""What stands below the tables of a run: rows of its tasks that could not be used, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from w2s_bench.excluded import Excluded
from w2s_bench.records import RunInfo


def excluded_document(info: RunInfo) -> dict[str, dict[str, Any]]:
    """Rows that were looked at and left out, by task and split, as JSON values."""
    return {
        task: {name: asdict(found) for name, found in splits.items()}
        for task, splits in info.excluded.items()
    }


def excluded_notes(info: RunInfo) -> list[str]:
    """A line for each split of a task of which rows were left out, and one for each reason."""
    return [
        line
        for task, splits in info.excluded.items()
        for name, found in splits.items()
        if found.reasons
        for line in excluded_lines(f"{task} ({name})", found)
    ]


def excluded_lines(title: str, found: Excluded) -> list[str]:
    """Counts, then the reasons with the first row of each."""
    reasons = [f"  {r.reason}: {r.rows:,}, the first is row {r.first} {r.example}" for r in found.reasons]
    return [f"{title}: {found}", *reasons]
