"""What students made of their teachers' labels, as short texts: for all forms of a report."""

from __future__ import annotations

from collections.abc import Sequence

from w2s_bench.records import TableRow
from w2s_bench.report.tables import NONE, by_domain, markdown_table, method_of

HEAD = (
    "method",
    "domain",
    "agreement",
    "where it is right",
    "errors copied",
    "errors corrected",
    "new errors",
    "kappa",
    "Brier score",
    "calibration error",
    "beats naive",
    "detectable",
)
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
    """Pools over all admitted cells in which something is known of the answers."""
    return [
        row
        for _, chosen in by_domain(list(rows))
        for row in chosen
        if row.task is None and row.pool == "admitted" and row.agreement is not None
    ]


def answer_values(row: TableRow) -> tuple[float | None, ...]:
    """The numbers behind :func:`answer_cells`, from agreement on."""
    shares = (row.agreement, row.agreement_right, row.errors_copied, row.corrected, row.new_errors)
    rest = (row.similarity, row.brier_score, row.calibration_error)
    return (*shares, *rest, row.probability_of_improvement, row.detectable)


def answer_cells(row: TableRow) -> tuple[str, ...]:
    """A row as short texts: shares in percent, the detectable lead in points."""
    scales = (100, 100, 100, 100, 100, 1, 1, 1, 100, 100)
    forms = (*(".1f",) * 5, *(".2f",) * 3, ".0f", ".1f")
    values = [
        NONE if value is None else f"{scale * value:{form}}"
        for value, scale, form in zip(answer_values(row), scales, forms, strict=True)
    ]
    return (method_of(row), row.domain, *values)


def answers_markdown(rows: Sequence[TableRow]) -> str:
    """The table, or nothing where no answers are known."""
    chosen = answer_rows(rows)
    if not chosen:
        return ""
    return markdown_table(TITLE, HEAD, map(answer_cells, chosen)) + f"\n{ABOUT}\n"
