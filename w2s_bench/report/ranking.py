"""The ranking alone: a Markdown table a domain, over the cells that methods are ranked on."""

from __future__ import annotations

from collections.abc import Iterator

from w2s_bench.records import TableRow
from w2s_bench.report.tables import TITLES, by_domain, cells_of, markdown_table

HEAD = ("group", "method", "cells", "accuracy", "gain over teacher", "PGR", "over naive")


def league_markdown(rows: list[TableRow]) -> str:
    """Methods in their tie groups, then reference and oracle rows by accuracy; over held-out tasks where a
    suite marks development tasks, else over all admitted cells. Methods without such a cell are left out."""
    return "\n".join(
        markdown_table(TITLES[domain], HEAD, map(_line, chosen)) for domain, chosen in _ranked(rows)
    )


def _ranked(rows: list[TableRow]) -> Iterator[tuple[str, list[TableRow]]]:
    pool = "held-out" if any(r.pool == "held-out" for r in rows) else "admitted"
    for domain, chosen in by_domain(rows):
        found = [r for r in chosen if r.pool == pool and r.admitted]
        if found:
            others = [r for r in found if r.group is None]
            ranked = [r for r in found if r.group is not None]  # in the order of their groups
            yield domain, ranked + sorted(others, key=lambda r: -(r.student_accuracy or 0.0))


def _line(row: TableRow) -> tuple[str, ...]:
    accuracy, gain, pgr, over = (cells_of(row)[k] for k in (4, 6, 7, 8))
    standing = "oracle" if row.uses_gold else "reference" if row.group is None else str(row.group)
    return standing, row.method, str(row.cells), accuracy, gain, pgr, over or "0"
