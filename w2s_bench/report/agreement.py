"""Table of how students answered where their teacher was right or wrong, as short texts."""

from __future__ import annotations

from collections.abc import Sequence

from w2s_bench.records import TableRow
from w2s_bench.report.columns import ANSWERS, columns, method_name
from w2s_bench.report.tables import by_domain, markdown_table

TITLE = "What students made of their labels"
ABOUT = (
    "Means over the admitted cells. Agreement: share of test items on which the student picks its teacher's "
    "option, of all, of those that the teacher has right and of those it has wrong (errors copied). Errors "
    "corrected: of the teacher's errors, those that the student has right; new errors: of what the teacher "
    "has right, what the student has wrong. Kappa: agreement adjusted for chance. Brier score and "
    "calibration error: the student's. Beats naive: how often a seed is better than one of naive's. "
    "Detectable: the least lead over naive, in points, that a test would find with 80% power."
)


def answer_rows(rows: Sequence[TableRow]) -> list[TableRow]:
    """Pools over all admitted cells whose agreement with the teacher is known, by domain."""
    pools = [r for r in rows if r.task is None and r.pool == "admitted" and r.agreement is not None]
    return [row for _, chosen in by_domain(pools) for row in chosen]


def answer_head() -> list[str]:
    """Heads of the table of answers."""
    return ["method", "domain", *(c.title for c in columns(ANSWERS))]


def answer_texts(row: TableRow) -> list[str]:
    """A row as short texts: shares in percent, the detectable lead in points."""
    return [method_name(row), row.domain, *(c.text(row) for c in columns(ANSWERS))]


def answers_markdown(rows: Sequence[TableRow]) -> str:
    """The table with its explanation; an empty text where no row has answers."""
    chosen = answer_rows(rows)
    if not chosen:
        return ""
    return markdown_table(TITLE, answer_head(), map(answer_texts, chosen)) + f"\n{ABOUT}\n"
