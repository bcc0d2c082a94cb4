"""The rows of a board as JSON, and as CSV in which no field is a spreadsheet formula."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, fields
from typing import Any

from w2s_bench.leaderboard.entry_file import BoardEntry
from w2s_bench.leaderboard.site.board_view import BoardShown
from w2s_bench.report.columns import exported_names, exported_values
from w2s_bench.report.tables import csv_cell

HEAD = ("entry", "tier", "kind", "name", "code", "bundle", "coverage", "cost_seconds")


def board_json(board: BoardShown) -> str:
    """Suite, entries, their tie groups and rows as JSON; per-item answers are in the entries' own files."""
    suite = board.suite
    document = {
        "board": board.name,
        "suite": suite.name,
        "suite_version": suite.version,
        "suite_hash": suite.hash,
        "ranked_on": board.pool,
        "archived": board.archived,
        "entries": [_entry(board, e) for e in board.entries],
    }
    return json.dumps(document, sort_keys=True, indent=1, allow_nan=False) + "\n"


def _entry(board: BoardShown, item: BoardEntry) -> dict[str, Any]:
    entry = item.entry
    values = {f.name: getattr(entry, f.name) for f in fields(entry) if f.name not in ("scored", "rows")}
    values["rows"] = list(map(exported_values, entry.rows))
    groups = {d: g for d in board.domains if (g := board.groups[d].get(item.stem)) is not None}
    rerun = asdict(item.rerun) if item.rerun else None
    return values | {"entry": item.stem, "tier": item.tier, "groups": groups, "rerun": rerun}


def board_csv(board: BoardShown) -> str:
    """CSV with a line for each row of each entry; a missing value is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = exported_names()
    writer.writerow([*HEAD, *names])
    for item in board.entries:
        entry = item.entry
        head = (item.stem, item.tier, entry.kind, entry.name, entry.code, entry.bundle)
        for row in entry.rows:
            values = exported_values(row)
            if row.task is None and row.pool == board.pool:
                values["group"] = board.groups[row.domain].get(item.stem)
            line = (*head, entry.coverage, entry.cost_seconds, *(values[n] for n in names))
            writer.writerow(map(csv_cell, line))
    return out.getvalue()
