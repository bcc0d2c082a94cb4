"""Leaderboard entries: one JSON file a method, under a versioned schema."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

from w2s_bench.records import CellRecord, Entry, TableRow, content_key, row_values
from w2s_bench.results.run_folder import Run
from w2s_bench.store.local import write_text


def entries(run: Run, rows: list[TableRow]) -> list[Entry]:
    """One entry for each method of the run, in the order of the suite."""
    by_method: dict[str, list[CellRecord]] = {}
    for cell in (c for c in run.cells if not c.reference):
        by_method.setdefault(cell.method, []).append(cell)
    return [
        _entry(run, method, cells, [r for r in rows if r.method == method])
        for method, cells in by_method.items()
    ]


def _entry(run: Run, method: str, cells: list[CellRecord], rows: list[TableRow]) -> Entry:
    info = run.info
    keys = {k for c in cells for k in (c.teacher_key, c.student_key, c.ceiling_key)}
    scored = [r for r in rows if r.task is not None]
    return Entry(
        suite=info.suite,
        suite_version=info.suite_version,
        suite_hash=info.suite_hash,
        method=method,
        options=cells[0].options,
        tier="claimed",
        code_version=info.code_version,
        libraries=info.libraries,
        device=info.device,
        seeds=sorted({c.seed for c in cells}),
        coverage=sum(r.pgr is not None for r in scored) / len(scored),
        rows=rows,
        record_keys=sorted(keys),
    )


def write_entries(folder: Path, listed: list[Entry]) -> list[Path]:
    """Write ``entries/<method>.json`` below a run's folder; return the paths."""
    paths = []
    for entry in listed:
        path = folder / "entries" / f"{file_name(entry.method)}.json"
        values = {f.name: getattr(entry, f.name) for f in fields(entry)}
        values["rows"] = list(map(row_values, entry.rows))
        write_text(path, json.dumps(values, indent=1, sort_keys=True, allow_nan=False) + "\n")
        paths.append(path)
    return paths


def file_name(method: str) -> str:
    """A plain file name; a label with options, a path or capitals gets a hash, so that no two share one."""
    plain = re.sub(r"[^a-z0-9]+", "-", method.lower()).strip("-")[:60]
    return plain if plain == method else f"{plain or 'method'}-{content_key(method)[:8]}"
