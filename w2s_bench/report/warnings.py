"""What stands below the tables of a run: where its intervals promise too much or nothing, and rows of its
tasks that could not be used, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from w2s_bench.bad_rows import Excluded
from w2s_bench.records import RunInfo, TableRow
from w2s_bench.report.gain_predictors import predictor_notes

ENOUGH = 3  # seeds from which on intervals have their nominal coverage: docs/explanation/statistics.md


def notes(rows: Sequence[TableRow], info: RunInfo) -> list[str]:
    """All lines: warnings of intervals first."""
    return [*interval_notes(rows), *predictor_notes(rows), *excluded_notes(info)]


def interval_notes(rows: Sequence[TableRow]) -> list[str]:
    """A line for each way in which some rows' intervals are not to be taken at their word."""
    scored = [r for r in rows if r.student_accuracy is not None]
    few = sorted({r.seeds for r in scored if r.seeds < ENOUGH})
    loose = sum(r.reason is not None and r.reason.startswith("unbounded") for r in scored)
    found = []
    if few:
        which = "one seed" if few == [1] else "two seeds" if few == [2] else "one or two seeds"
        found.append(
            f"warning: {sum(r.seeds < ENOUGH for r in scored)} of {len(scored)} rows rest on {which}: their "
            "intervals hold less often than they say where seeds differ; run three or more"
        )
    if loose:
        found.append(
            f"warning: {loose} of {len(scored)} rows have a PGR without bounds, their gap is not separated "
            "from 0: more test items or seeds, or a weaker teacher"
        )
    return found


def excluded_document(excluded: Mapping[str, Mapping[str, Excluded]]) -> dict[str, dict[str, Any]]:
    """Rows that were looked at and left out, by task and split, as JSON values."""
    return {
        task: {name: asdict(found) for name, found in splits.items()} for task, splits in excluded.items()
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
