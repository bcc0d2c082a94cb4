"""The ranking alone: a Markdown table a domain, over the cells that methods are ranked on."""

from __future__ import annotations

from collections.abc import Iterator

from w2s_bench.records import TableRow
from w2s_bench.report.columns import RANKING, columns
from w2s_bench.report.tables import TITLES, by_domain, markdown_table

RENAMED = {  # this table stands alone, so its heads say more and show no level of intervals
    "student_accuracy": "accuracy",
    "gain": "gain over teacher",
    "pgr": "PGR",
    "over_naive": "over naive",
}


def league_markdown(rows: list[TableRow]) -> str:
    """Rank methods by tie group in a table a domain, then reference and oracle rows by accuracy.

    The cells are those of held-out tasks where a suite marks development tasks, else all admitted ones.
    Methods without such a cell are left out.
    """
    head = ["group", "method", *(RENAMED.get(c.key, c.title) for c in columns(RANKING))]
    return "\n".join(
        markdown_table(TITLES[domain], head, map(_line, chosen)) for domain, chosen in _ranked(rows)
    )


def _ranked(rows: list[TableRow]) -> Iterator[tuple[str, list[TableRow]]]:
    pool = "held-out" if any(r.pool == "held-out" for r in rows) else "admitted"
    for domain, chosen in by_domain(rows):
        if pooled := [r for r in chosen if r.pool == pool and r.admitted]:
            others = [r for r in pooled if r.group is None]
            ranked = [r for r in pooled if r.group is not None]  # in the order of their groups
            yield domain, ranked + sorted(others, key=lambda r: -(r.student_accuracy or 0.0))


def _line(row: TableRow) -> list[str]:
    texts = {c.key: c.text(row) for c in columns(RANKING)} | {"cells": str(row.cells)}
    texts["over_naive"] = texts["over_naive"] or "0"
    standing = "oracle" if row.uses_gold else "reference" if row.group is None else str(row.group)
    return [standing, row.method, *texts.values()]
