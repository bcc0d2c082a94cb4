"""Table rows for HTML pages: short texts, values to sort by, marks to filter by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from w2s_bench.records import TableRow
from w2s_bench.report.agreement import answer_rows
from w2s_bench.report.columns import (
    ANSWERS,
    CELLS,
    METHOD,
    POOL_TITLES,
    POOLS,
    TASK,
    Column,
    columns,
    method_name,
)
from w2s_bench.report.tables import TITLES, by_domain
from w2s_bench.web.page import RowView, View

Where = tuple[str | None, ...]
FILTERS: dict[str, Callable[[TableRow], str]] = {
    "domain": lambda r: r.domain,
    "task": lambda r: str(r.task),
    "teacher": lambda r: str(r.teacher),
    "student": lambda r: str(r.student),
    "method": lambda r: r.method,
    "reference": lambda r: "reference" if r.reference else "method",
    "admitted": lambda r: "failed" if r.failed is not None else "admitted" if r.admitted else "left out",
}


def where(row: TableRow) -> Where:
    """The place of a cell: task, teacher, student, method."""
    return (row.task, row.teacher, row.student, row.method)


def pool_head() -> list[str]:
    """Heads of the table of :func:`pool_views`."""
    return ["method", "domain", "pool", *(c.title for c in columns(POOLS))]


def pool_views(rows: list[TableRow]) -> list[RowView]:
    """Pools of each domain, in the order of the other tables."""
    views = []
    for domain, chosen in by_domain(rows):
        for row in (r for r in chosen if r.task is None):
            pool = POOL_TITLES[row.pool or "admitted"].partition(":")[0]
            names = [View(METHOD.text(row)), View(TITLES[domain]), View(pool)]
            views.append(RowView([*names, *_column_views(POOLS, row)], _reference(row)))
    return views


def cell_head() -> list[str]:
    """Heads of the table of :func:`cell_views`."""
    return ["task", "method", *(c.title for c in columns(CELLS)), "examples"]


def cell_views(rows: list[TableRow], examples: Mapping[Where, str]) -> list[RowView]:
    """All cells in the order of the other tables; ``examples`` are links by a cell's place."""
    views = []
    for row in (r for _, chosen in by_domain(rows) for r in chosen):
        link = examples.get(where(row), "")
        names = [View(TASK.text(row), small=f"{row.teacher} → {row.student}"), View(method_name(row))]
        cells = [*names, *_column_views(CELLS, row), View("see" if link else "", link=link)]
        views.append(RowView(cells, {key: mark(row) for key, mark in FILTERS.items()}))
    return views


def answer_views(rows: list[TableRow]) -> list[RowView]:
    """The rows of :func:`~w2s_bench.report.agreement.answer_rows` as views."""
    return [
        RowView([View(method_name(r)), View(r.domain), *_column_views(ANSWERS, r)], _reference(r))
        for r in answer_rows(rows)
    ]


def _reference(row: TableRow) -> dict[str, str]:
    return {"reference": FILTERS["reference"](row)}


def _column_views(table: str, row: TableRow) -> list[View]:
    return [column_view(c, row) for c in columns(table)]


def column_view(column: Column, row: TableRow) -> View:
    """One column of a row: a number with its interval below it, or a text."""
    if column.value is None:
        return View(column.text(row))
    text, bracket, interval = column.text(row).partition(" [")
    value = column.value(row)
    sort = "" if value is None else f"{value:.6g}"
    return View(text, small=bracket.strip() + interval, sort=sort, number=True)
