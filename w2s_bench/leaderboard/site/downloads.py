"""The rows of a board for machines: JSON, and CSV that no spreadsheet takes for formulas."""

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
    """Suite, entries, their tie groups and rows; what the bits of an answer are stands in the entries."""
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


def _entry(board: BoardShown, one: BoardEntry) -> dict[str, Any]:
    entry = one.entry
    told = {f.name: getattr(entry, f.name) for f in fields(entry) if f.name not in ("scored", "rows")}
    told["rows"] = list(map(exported_values, entry.rows))
    groups = {d: g for d in board.domains if (g := board.groups[d].get(one.stem)) is not None}
    rerun = asdict(one.rerun) if one.rerun else None
    return told | {"entry": one.stem, "tier": one.tier, "groups": groups, "rerun": rerun}


def board_csv(board: BoardShown) -> str:
    """A line an entry and row; empty where there is no value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = exported_names()
    writer.writerow([*HEAD, *names])
    for one in board.entries:
        entry = one.entry
        told = (one.stem, one.tier, entry.kind, entry.name, entry.code, entry.bundle)
        for row in entry.rows:
            ranks = row.task is None and row.pool == board.pool
            values = exported_values(row)
            if ranks:
                values["group"] = board.groups[row.domain].get(one.stem)
            line = (*told, entry.coverage, entry.cost_seconds, *(values[n] for n in names))
            writer.writerow(map(csv_cell, line))
    return out.getvalue()
