"""Rows as the page's tables show them: short texts, values to sort by, marks to filter by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from w2s_bench.records import TableRow
from w2s_bench.report.agreement import answer_cells, answer_rows, answer_values
from w2s_bench.report.tables import COLUMNS, POOLS, TITLES, by_domain, cells_of, method_of
from w2s_bench.web.page import RowView, View

Where = tuple[str | None, ...]
NUMBERS = COLUMNS[3:9]
POOL_HEAD = ("method", "domain", "pool", "cells", *NUMBERS, "agreement", "errors copied", "")
CELL_HEAD = ("task", "method", *NUMBERS, "agreement", "errors copied", "", "examples")
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


def pool_views(rows: list[TableRow]) -> list[RowView]:
    """Pools of each domain, in the order of the other tables."""
    return [
        RowView(
            [
                View(_method(row)),
                View(TITLES[domain]),
                View(POOLS[row.pool or "admitted"].partition(":")[0]),
                View(f"{row.cells} of {row.cells + row.cells_left_out}", sort=row.cells, number=True),
                *_numbers(row),
            ],
            {"reference": FILTERS["reference"](row)},
        )
        for domain, chosen in by_domain(rows)
        for row in chosen
        if row.task is None
    ]


def cell_views(rows: list[TableRow], examples: Mapping[Where, str]) -> list[RowView]:
    """All cells; those with examples link to them."""
    return [
        RowView(
            [
                View(cells_of(row)[0], small=f"{row.teacher} → {row.student}"),
                View(_method(row)),
                *_numbers(row),
                View("see", link=link) if (link := examples.get(where(row), "")) else View(""),
            ],
            {key: mark(row) for key, mark in FILTERS.items()},
        )
        for _, chosen in by_domain(rows)
        for row in chosen
    ]


def answer_views(rows: list[TableRow]) -> list[RowView]:
    """What students made of their labels, over the admitted cells."""
    return [
        RowView(
            [
                *map(View, answer_cells(row)[:2]),
                *map(number, answer_cells(row)[2:], answer_values(row)),
            ],
            {"reference": FILTERS["reference"](row)},
        )
        for row in answer_rows(rows)
    ]


def _method(row: TableRow) -> str:
    return cells_of(row)[2] if row.task is None else method_of(row)


def _numbers(row: TableRow) -> list[View]:
    """From the teacher's accuracy to the remark."""
    texts = cells_of(row)
    shown_pgr = row.pgr if row.task is None or row.admitted else None
    values = (
        row.teacher_accuracy,
        row.student_accuracy,
        row.ceiling_accuracy,
        row.gain,
        shown_pgr,
        row.over_naive,
    )
    found = [number(text, value) for text, value in zip(texts[3:9], values, strict=True)]
    found += [number(percent(v), v) for v in (row.agreement, row.errors_copied)]
    return [*found, View(texts[9])]


def number(text: str, value: float | None) -> View:
    """A number with its interval below it."""
    main, bracket, rest = text.partition(" [")
    sort = "" if value is None else f"{value:.6g}"
    return View(main, small=bracket.strip() + rest, sort=sort, number=True)


def percent(value: float | None) -> str:
    """A share as the tables write it."""
    return "–" if value is None else f"{100 * value:.1f}"
