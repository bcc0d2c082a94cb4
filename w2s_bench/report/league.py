"""The ranking alone: a Markdown table a domain, over the cells that methods are ranked on."""

from __future__ import annotations

from collections.abc import Iterator

from w2s_bench.records import Row
from w2s_bench.report.tables import TITLES, by_domain, cells_of

HEAD = ("group", "method", "cells", "accuracy", "gain over teacher", "PGR", "over naive")


def league_markdown(rows: list[Row]) -> str:
    """Methods in their tie groups, then reference and oracle rows by accuracy; over held-out tasks where a
    suite marks development tasks, else over all admitted cells. Methods without such a cell are left out."""
    return "\n".join(_table(domain, chosen) for domain, chosen in _ranked(rows))


def _ranked(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    pool = "held-out" if any(r.pool == "held-out" for r in rows) else "admitted"
    for domain, chosen in by_domain(rows):
        found = [r for r in chosen if r.pool == pool and r.admitted]
        if found:
            yield (
                domain,
                sorted(found, key=lambda r: -(r.student_accuracy or 0.0) if r.group is None else -2.0),
            )


def _table(domain: str, rows: list[Row]) -> str:
    lines = ["| " + " | ".join(_line(row)) + " |" for row in rows]
    head = "| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD)
    return f"### {TITLES[domain]}\n\n{head}\n" + "\n".join(lines) + "\n"


def _line(row: Row) -> tuple[str, ...]:
    accuracy, gain, pgr, over = (cells_of(row)[k] for k in (4, 6, 7, 8))
    standing = "oracle" if row.uses_gold else "reference" if row.group is None else str(row.group)
    return standing, row.method.replace("|", "\\|"), str(row.cells), accuracy, gain, pgr, over or "0"
