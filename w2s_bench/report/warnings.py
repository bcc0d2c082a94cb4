"""Notes below the tables of a run: intervals to doubt, predictors of the gain, rows that were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from w2s_bench.bad_rows import Excluded
from w2s_bench.records import RunInfo, TableRow
from w2s_bench.report.gain_predictors import predictor_notes

ENOUGH = 3  # seeds from which on intervals have their nominal coverage: docs/explanation/statistics.md


def notes(rows: Sequence[TableRow], info: RunInfo) -> list[str]:
    """All notes: warnings of intervals, predictors of the gain, rows that were left out."""
    return [*interval_notes(rows), *predictor_notes(rows), *excluded_notes(info)]


def interval_notes(rows: Sequence[TableRow]) -> list[str]:
    """Warn of rows with fewer than three seeds and of rows whose PGR has no bounds."""
    scored = [r for r in rows if r.student_accuracy is not None]
    few = sorted({r.seeds for r in scored if r.seeds < ENOUGH})
    loose = sum(r.reason is not None and r.reason.startswith("unbounded") for r in scored)
    warnings = []
    if few:
        which = "one seed" if few == [1] else "two seeds" if few == [2] else "one or two seeds"
        warnings.append(
            f"warning: {sum(r.seeds < ENOUGH for r in scored)} of {len(scored)} rows rest on {which}: their "
            "intervals hold less often than they say where seeds differ; run three or more"
        )
    if loose:
        warnings.append(
            f"warning: {loose} of {len(scored)} rows have a PGR without bounds, their gap is not separated "
            "from 0: more test items or seeds, or a weaker teacher"
        )
    return warnings


def excluded_document(excluded: Mapping[str, Mapping[str, Excluded]]) -> dict[str, dict[str, Any]]:
    """Rows that were read and left out, by task and split, as JSON values."""
    return {task: {name: asdict(e) for name, e in splits.items()} for task, splits in excluded.items()}


def excluded_notes(info: RunInfo) -> list[str]:
    """Counts of the rows left out of each split, then each reason with its first row."""
    lines = []
    for task, splits in info.excluded.items():
        for name, excluded in splits.items():
            if excluded.reasons:
                lines.append(f"{task} ({name}): {excluded}")
            for r in excluded.reasons:
                lines.append(f"  {r.reason}: {r.rows:,}, the first is row {r.first} {r.example}")
    return lines
