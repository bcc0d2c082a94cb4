"""Rows as the tables of pages show them: short texts, values to sort by, marks to filter by."""

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
    shown = columns(POOLS)
    return [
        RowView(
            [
                View(METHOD.text(row)),
                View(TITLES[domain]),
                View(POOL_TITLES[row.pool or "admitted"].partition(":")[0]),
                *(column_view(c, row) for c in shown),
            ],
            {"reference": FILTERS["reference"](row)},
        )
        for domain, chosen in by_domain(rows)
        for row in chosen
        if row.task is None
    ]


def cell_head() -> list[str]:
    """Heads of the table of :func:`cell_views`."""
    return ["task", "method", *(c.title for c in columns(CELLS)), "examples"]


def cell_views(rows: list[TableRow], examples: Mapping[Where, str]) -> list[RowView]:
    """All cells; those with examples link to them."""
    shown = columns(CELLS)
    return [
        RowView(
            [
                View(TASK.text(row), small=f"{row.teacher} → {row.student}"),
                View(method_name(row)),
                *(column_view(c, row) for c in shown),
                View("see", link=link) if (link := examples.get(where(row), "")) else View(""),
            ],
            {key: mark(row) for key, mark in FILTERS.items()},
        )
        for _, chosen in by_domain(rows)
        for row in chosen
    ]


def answer_views(rows: list[TableRow]) -> list[RowView]:
    """How students answered, over the admitted cells."""
    shown = columns(ANSWERS)
    return [
        RowView(
            [View(method_name(row)), View(row.domain), *(column_view(c, row) for c in shown)],
            {"reference": FILTERS["reference"](row)},
        )
        for row in answer_rows(rows)
    ]


def column_view(column: Column, row: TableRow) -> View:
    """A row's field of one column: a number with its interval below it, or a text."""
    if column.value is None:
        return View(column.text(row))
    text, bracket, interval = column.text(row).partition(" [")
    value = column.value(row)
    sort = "" if value is None else f"{value:.6g}"
    return View(text, small=bracket.strip() + interval, sort=sort, number=True)
