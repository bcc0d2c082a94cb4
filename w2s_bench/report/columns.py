"""The columns of all tables: one entry each, in the order in which tables show them.

To add a column to every table, add a :class:`Column` to :data:`COLUMNS`: text, Markdown, LaTeX, CSV, JSON,
the pages and the ranking read this list. A metric (:mod:`w2s_bench.metrics`) brings its own column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from w2s_bench.metric import Metric
from w2s_bench.metrics import all_metrics
from w2s_bench.records import TableRow

MAIN = "main"  # text, Markdown and LaTeX
POOLS, CELLS, ANSWERS = "pools", "cells", "answers"  # of report.html; the last stands in Markdown too
RANKING = "ranking"
BOARD = "board"  # a domain's table on the leaderboard site
EVERYWHERE = frozenset({MAIN, POOLS, CELLS, RANKING, BOARD})
NONE, FAILED = "–", "failed: "
POOL_TITLES = {
    "admitted": "all admitted",
    "clean": "of these, clean: zero-shot is below naive",
    "held-out": "all admitted, held-out tasks: the ranking",
}
Value = Callable[[TableRow], float | None]
_FIELDS = tuple(f.name for f in fields(TableRow) if f.name != "metrics")


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: ``text`` is what people read, ``value`` the number behind it, by which pages sort.

    A number whose ``key`` is no field of :class:`TableRow` is added to CSV and JSON under that key. Three
    settings are for plain text. A ``shared`` column has one value for all methods of a pair and stands on the
    pair's line. A ``narrow`` one is shown on narrow terminals too. A ``right`` one is aligned to the right.
    """

    key: str
    title: str
    text: Callable[[TableRow], str]
    value: Value | None = None
    tables: frozenset[str] = EVERYWHERE
    shared: bool = False
    narrow: bool = False
    right: bool = False


def every_column() -> list[Column]:
    """All columns in order; those of metrics come before :data:`LAST`."""
    return [*COLUMNS, *map(_of_metric, all_metrics()), *LAST]


def columns(table: str) -> list[Column]:
    """The columns of one table, in order."""
    return [c for c in every_column() if table in c.tables]


def texts(row: TableRow, table: str = MAIN) -> dict[str, str]:
    """A row as short texts by column key; accuracies and gains in percentage points."""
    return {c.key: c.text(row) for c in columns(table)}


def exported_values(row: TableRow) -> dict[str, Any]:
    """The fields of a row as CSV and JSON print them, and every number that a column adds."""
    return {name: getattr(row, name) for name in _FIELDS} | {key: value(row) for key, value in _added()}


def exported_names() -> list[str]:
    """The keys of :func:`exported_values`, in its order."""
    return [*_FIELDS, *(key for key, _ in _added())]


def _added() -> list[tuple[str, Value]]:
    """Keys and numbers of the columns that are no field of a row."""
    return [(c.key, c.value) for c in every_column() if c.value and c.tables and c.key not in _FIELDS]


def method_name(row: TableRow) -> str:
    """A method's name, marked where the method uses gold labels."""
    return row.method + (" (uses gold)" if row.uses_gold else "")


def number_text(value: float | None, scale: float = 100, form: str = ".1f") -> str:
    """A number as tables write it; by default a share in percent."""
    return NONE if value is None else f"{scale * value:{form}}"


def _number(key: str, title: str, scale: float = 100, form: str = ".1f", **settings: Any) -> Column:
    """A column of one field of the row, or of one metric where no field has that name."""

    def value(row: TableRow) -> float | None:
        number: float | None = getattr(row, key) if key in _FIELDS else row.metrics.get(key)
        return number

    def text(row: TableRow) -> str:
        return number_text(value(row), scale, form)

    return Column(key=key, title=title, text=text, value=value, **settings)


def _interval_text(row: TableRow, key: str, scale: float, form: str) -> str:
    value, low, high = (getattr(row, key + end) for end in ("", "_low", "_high"))
    if value is None:
        return NONE
    ends = "unbounded" if low is None or high is None else f"{scale * low:{form}}, {scale * high:{form}}"
    return f"{scale * value:{form}} [{ends}]"


def _of_metric(metric: Metric) -> Column:
    return _number(metric.name, metric.title, metric.scale, metric.form, tables=metric.tables)


def _task(row: TableRow) -> str:
    if row.task is None:
        return POOL_TITLES[row.pool or "admitted"]
    return f"{row.task} on {row.companion}" if row.companion else row.task


def _pair(row: TableRow) -> str:
    return f"{cell_count(row)} cells" if row.task is None else f"{row.teacher} → {row.student}"


def cell_count(row: TableRow) -> str:
    """How many of a pool's cells are admitted, as text."""
    return f"{row.cells} of {row.cells + row.cells_left_out}"


def _ranked_method(row: TableRow) -> str:
    return ("" if row.group is None else f"{row.group}. ") + method_name(row)


def _shown_pgr(row: TableRow) -> float | None:
    """Tables show no PGR of a cell that is not admitted, though files keep it."""
    return row.pgr if row.task is None or row.admitted else None


def _pgr(row: TableRow) -> str:
    return NONE if _shown_pgr(row) is None else _interval_text(row, "pgr", 1, ".2f")


def _gain(row: TableRow) -> str:
    return _interval_text(row, "gain", 100, "+.1f")


def _over_naive(row: TableRow) -> str:
    return "" if row.over_naive is None else _interval_text(row, "over_naive", 100, "+.1f")


def _remark(row: TableRow) -> str:
    """Why there is no PGR, or that the student's zero-shot answer reaches naive's."""
    if row.failed is not None:
        return FAILED + row.failed
    if row.reason is not None and not row.reason.startswith("unbounded"):
        return row.reason
    return "needs no teacher" if row.needs_no_teacher else ""


_MAIN, _ANSWERS, _POOLED = frozenset({MAIN}), frozenset({ANSWERS}), frozenset({POOLS, RANKING, BOARD})
_BESIDE_PGR = frozenset({POOLS, CELLS, ANSWERS, BOARD})
TASK = Column(key="task", title="task", text=_task, tables=_MAIN)
PAIR = Column(key="pair", title="teacher → student", text=_pair, tables=_MAIN)
METHOD = Column(key="method", title="method", text=_ranked_method, tables=_MAIN)
PGR = Column(key="pgr", title="PGR [95%]", text=_pgr, value=_shown_pgr, narrow=True)
REMARK = Column(key="remark", title="", text=_remark, tables=frozenset({MAIN, POOLS, CELLS}))
NAMES = ("task", "pair", "method")
_SHARED: dict[str, Any] = {"tables": _MAIN | {POOLS, CELLS}, "shared": True}
COLUMNS: tuple[Column, ...] = (
    TASK,
    PAIR,
    METHOD,
    Column(key="cells", title="cells", text=cell_count, value=lambda row: row.cells, tables=_POOLED),
    _number("teacher_accuracy", "teacher", narrow=True, right=True, **_SHARED),
    _number("student_accuracy", "student", narrow=True, right=True),
    _number("ceiling_accuracy", "ceiling", narrow=True, right=True, **_SHARED),
    Column(key="gain", title="gain [95%]", text=_gain, value=lambda row: row.gain, narrow=True),
    PGR,
    Column(key="over_naive", title="vs naive [95%]", text=_over_naive, value=lambda row: row.over_naive),
    _number("agreement", "agreement", tables=_BESIDE_PGR),
    _number("agreement_right", "where it is right", tables=_ANSWERS),
    _number("errors_copied", "errors copied", tables=_BESIDE_PGR),
    _number("corrected", "errors corrected", tables=_ANSWERS),
    _number("new_errors", "new errors", tables=_ANSWERS),
    _number("similarity", "kappa", 1, ".2f", tables=_ANSWERS),
)
LAST: tuple[Column, ...] = (
    _number("probability_of_improvement", "beats naive", form=".0f", tables=_ANSWERS),
    _number("detectable", "detectable", tables=_ANSWERS),
    REMARK,
)
