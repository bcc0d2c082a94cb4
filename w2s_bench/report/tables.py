"""PGR tables as JSON, CSV and Markdown, and the order of rows in all formats."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from w2s_bench.records import RunInfo, TableRow
from w2s_bench.report.columns import MAIN, POOL_TITLES, columns, exported_names, exported_values
from w2s_bench.report.warnings import excluded_document, interval_notes

TITLES = {"nlp": "NLP classification", "chess": "Chess puzzles", "reward": "Reward modelling"}
COMPANIONS = "companions, the same models on other test items (never pooled)"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets run text that begins so as a formula
LAST = 10**6  # sort key of rows that are not ranked


def as_json(rows: list[TableRow], info: RunInfo, companions: Sequence[TableRow] = ()) -> dict[str, Any]:
    """Rows and their run as JSON values; missing values are null, never NaN."""
    return {
        "suite": info.suite,
        "suite_version": info.suite_version,
        "suite_hash": info.suite_hash,
        "rows": [exported_values(r) for r in rows],
        "companions": [exported_values(r) for r in companions],
        "warnings": interval_notes(rows),
        "excluded": excluded_document(info.excluded),
    }


def as_csv(rows: list[TableRow], companions: Sequence[TableRow] = ()) -> str:
    """Rows as CSV, then those on companions; missing values are empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, exported_names(), lineterminator="\n")
    writer.writeheader()
    for row in (*rows, *companions):
        writer.writerow({key: csv_cell(value) for key, value in exported_values(row).items()})
    return out.getvalue()


def csv_cell(value: Any) -> Any:
    """A field of a CSV file; a quote goes before text that a spreadsheet would run as a formula."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return "" if value is None else json.dumps(value) if isinstance(value, (dict, list)) else value


def as_markdown(rows: list[TableRow], companions: Sequence[TableRow] = (), notes: Sequence[str] = ()) -> str:
    """Tables of each domain and of its companions as Markdown sections, then the notes."""
    shown = columns(MAIN)
    parts = [
        markdown_table(title, [c.title for c in shown], ([c.text(row) for c in shown] for row in chosen))
        for title, chosen in sections(rows, companions)
    ]
    return "\n".join([*parts, *(f"- {note}\n" for note in notes)])


def markdown_table(title: str, head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown section with one table; vertical bars in texts are escaped."""
    body = ["| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines]
    header = "| " + " | ".join(head) + " |\n|" + "---|" * len(head)
    return f"### {title}\n\n{header}\n" + "\n".join(body) + "\n"


def sections(rows: list[TableRow], companions: Sequence[TableRow]) -> Iterator[tuple[str, list[TableRow]]]:
    """Tables by their titles: a domain's own, then its companions'."""
    others = dict(by_domain(list(companions)))
    for domain, chosen in by_domain(rows):
        yield TITLES[domain], chosen
        if domain in others:
            yield f"{TITLES[domain]}: {COMPANIONS}", others[domain]


def by_domain(rows: list[TableRow]) -> Iterator[tuple[str, list[TableRow]]]:
    """Rows by domain: cells before pools, tasks in the order of the suite."""
    tasks = list(dict.fromkeys(r.task for r in rows))
    for domain in TITLES:
        chosen = [r for r in rows if r.domain == domain]
        if chosen:
            yield domain, sorted(chosen, key=lambda r: (*_place(r), tasks.index(r.task), r.companion or ""))


def _place(row: TableRow) -> tuple[int, int, float]:
    """Sort key: cells, then pools; ranked rows by tie group, the others last by their lead."""
    if row.task is not None:
        return 0, 0, 0.0
    pool = 1 + list(POOL_TITLES).index(row.pool or "admitted")
    return pool, row.group or LAST, 0.0 if row.group is None else -(row.over_naive or 0.0)
