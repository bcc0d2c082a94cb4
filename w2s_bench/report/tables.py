"""PGR tables as text, Markdown, CSV and JSON, all from the same rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

from w2s_bench.records import RunInfo, TableRow
from w2s_bench.report.warnings import excluded_document, interval_notes

TITLES = {"nlp": "NLP classification", "chess": "Chess puzzles", "reward": "Reward modelling"}
COLUMNS = (
    "task",
    "teacher → student",
    "method",
    "teacher",
    "student",
    "ceiling",
    "gain [95%]",
    "PGR [95%]",
    "vs naive [95%]",
    "",
)
POOLS = {
    "admitted": "all admitted",
    "clean": "of these, clean: zero-shot is below naive",
    "held-out": "all admitted, held-out tasks: the ranking",
}
COMPANIONS = "companions, the same models on other test items (never pooled)"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
NONE, FAILED = "–", "failed: "
LAST = 10**6  # the place of rows that are not ranked
WIDE = 120  # columns of a terminal that shows all
Cells = tuple[str, ...]
_FIELDS = tuple(f.name for f in fields(TableRow))


def as_json(rows: list[TableRow], info: RunInfo, companions: Sequence[TableRow] = ()) -> dict[str, Any]:
    """Rows and the run that made them; null where there is no value, never NaN."""
    return {
        "suite": info.suite,
        "suite_version": info.suite_version,
        "suite_hash": info.suite_hash,
        "rows": [values_of(r) for r in rows],
        "companions": [values_of(r) for r in companions],
        "warnings": interval_notes(rows),
        "excluded": excluded_document(info.excluded),
    }


def values_of(row: TableRow) -> dict[str, Any]:
    """A row's fields by name; ``asdict`` would copy each of them, and there are none within others."""
    return {name: getattr(row, name) for name in _FIELDS}


def as_csv(rows: list[TableRow], companions: Sequence[TableRow] = ()) -> str:
    """One line a row; empty where there is no value. Rows on companions stand below the others."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: csv_cell(v) for k, v in values_of(r).items()} for r in [*rows, *companions])
    return out.getvalue()


def as_markdown(rows: list[TableRow], companions: Sequence[TableRow] = (), notes: Sequence[str] = ()) -> str:
    """A section for each domain, one for its companions, and the notes."""
    parts = [
        markdown_table(title, COLUMNS, map(cells_of, chosen)) for title, chosen in _sections(rows, companions)
    ]
    return "\n".join([*parts, *(f"- {note}\n" for note in notes)])


def markdown_table(title: str, head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A section with one table; a bar in a text does not end its field."""
    body = ["| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |" for cells in lines]
    columns = "| " + " | ".join(head) + " |\n|" + "---|" * len(head)
    return f"### {title}\n\n{columns}\n" + "\n".join(body) + "\n"


def _sections(rows: list[TableRow], companions: Sequence[TableRow]) -> Iterator[tuple[str, list[TableRow]]]:
    """Tables by their titles: a domain's own, then its companions'."""
    others = dict(by_domain(list(companions)))
    for domain, chosen in by_domain(rows):
        yield TITLES[domain], chosen
        if domain in others:
            yield f"{TITLES[domain]}: {COMPANIONS}", others[domain]


def as_text(
    rows: list[TableRow],
    width: int | None = None,
    companions: Sequence[TableRow] = (),
    notes: Sequence[str] = (),
) -> str:
    """Tables as plain text, ``width`` columns wide (as wide as needed where None).

    A narrow one is drawn with rich, and goes without the last column rather than cut a number in two.
    """
    lines: list[str] = []
    for title, chosen in _sections(rows, companions):
        lines += _plain_table(title, chosen) if width is None else _folded(title, chosen, width)
    return "\n".join([*lines, *notes]) + "\n"


def _folded(title: str, rows: list[TableRow], width: int) -> list[str]:
    from rich.console import Console

    out = io.StringIO()
    console = Console(width=width, file=out, color_system=None, highlight=False)
    console.print(_rich_table(title, rows, 6 if width < WIDE else 7))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def _plain_table(title: str, rows: list[TableRow]) -> list[str]:
    """What rich would draw where there is room for all, twenty times as fast: large runs have long tables."""
    from rich.cells import cell_len

    parts: list[list[Cells]] = [[]]
    above: Cells = ("",) * len(COLUMNS)
    for cells in map(cells_of, rows):
        if cells[0] != above[0] and parts[-1]:
            parts.append([])
        parts[-1] += [line[:7] for line in _lines(cells, above)]
        above = cells
    head = ("", *COLUMNS[3:9])
    widths = [max(map(cell_len, column)) for column in zip(head, *(t for p in parts for t in p), strict=True)]

    def line(texts: Sequence[str]) -> str:
        spaces = [" " * (w - cell_len(t)) for t, w in zip(texts, widths, strict=True)]
        sides = zip(texts, spaces, strict=True)
        found = [gap + text if 1 <= k <= 3 else text + gap for k, (text, gap) in enumerate(sides)]
        return (" " + "   ".join(found)).rstrip()

    rule = " " + "─" * (sum(widths) + 3 * len(widths) - 3)
    body = [text for part in parts for text in (*map(line, part), "")]
    return [title, "", line(head), rule, *body]


def _rich_table(title: str, rows: list[TableRow], columns: int) -> Any:
    from rich import box
    from rich.markup import escape  # "[unbounded]" is no style
    from rich.table import Table

    heading = escape(title)
    table = Table(
        title=heading, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False
    )
    table.add_column("", overflow="fold")
    for column in COLUMNS[3:6]:
        table.add_column(column, justify="right", no_wrap=True)
    for column in COLUMNS[6 : 2 + columns]:
        table.add_column(column, no_wrap=True)
    above: Cells = ("",) * len(COLUMNS)
    for cells in map(cells_of, rows):
        if cells[0] != above[0]:
            table.add_section()
        for line in _lines(cells, above):
            table.add_row(*map(escape, line[:columns]))
        above = cells
    return table


def _lines(cells: Cells, above: Cells) -> Iterator[Cells]:
    """A task's and a pair's own line where they change, then the method's: nothing stands twice."""
    task, pair, method, teacher, student, ceiling, gain, pgr, over, reason = cells
    if task != above[0]:
        yield (task, "", "", "", "", "", "")
    if (task, pair) != above[:2]:
        yield (f"  {pair}", teacher, "", ceiling, "", reason, "")
    elif (teacher, ceiling) != (above[3], above[5]):  # a method whose teacher and ceiling are its own
        yield ("", teacher, "", ceiling, "", reason, "")
    yield (f"    {method}", "", student, "", gain, pgr, over or (reason if reason.startswith(FAILED) else ""))


def by_domain(rows: list[TableRow]) -> Iterator[tuple[str, list[TableRow]]]:
    """Rows of each domain, cells before pools, in the order of the suite; a task of two grids stands once."""
    tasks = list(dict.fromkeys(r.task for r in rows))
    for domain in TITLES:
        chosen = [r for r in rows if r.domain == domain]
        if chosen:
            yield domain, sorted(chosen, key=lambda r: (*_place(r), tasks.index(r.task), r.companion or ""))


def _place(row: TableRow) -> tuple[int, int, float]:
    """Cells, then pools; where methods are ranked, in the order of their tie groups, those without last."""
    if row.task is not None:
        return 0, 0, 0.0
    pool = 1 + list(POOLS).index(row.pool or "admitted")
    return pool, row.group or LAST, 0.0 if row.group is None else -(row.over_naive or 0.0)


def cells_of(row: TableRow) -> Cells:
    """A row as short texts; accuracies and gains in percentage points."""
    pooled = row.task is None
    pair = (
        f"{row.cells} of {row.cells + row.cells_left_out} cells"
        if pooled
        else f"{row.teacher} → {row.student}"
    )
    show_pgr = row.pgr is not None and (pooled or row.admitted)
    return (
        POOLS[row.pool or "admitted"] if pooled else _task(row),
        pair,
        ("" if row.group is None else f"{row.group}. ") + method_of(row),
        _points(row.teacher_accuracy),
        _points(row.student_accuracy),
        _points(row.ceiling_accuracy),
        _interval(row.gain, row.gain_low, row.gain_high, 100, "+.1f"),
        _interval(row.pgr, row.pgr_low, row.pgr_high, 1, ".2f") if show_pgr else NONE,
        ""
        if row.over_naive is None
        else _interval(row.over_naive, row.over_naive_low, row.over_naive_high, 100, "+.1f"),
        _remark(row),
    )


def method_of(row: TableRow) -> str:
    """A method's name, and that it uses gold."""
    return row.method + (" (uses gold)" if row.uses_gold else "")


def _task(row: TableRow) -> str:
    return f"{row.task} on {row.companion}" if row.companion else str(row.task)


def _remark(row: TableRow) -> str:
    """Why there is no PGR, or that the student's zero-shot answer reaches naive's."""
    if row.failed is not None:
        return FAILED + row.failed
    if row.reason is not None and not row.reason.startswith("unbounded"):
        return row.reason
    return "needs no teacher" if row.needs_no_teacher else ""


def _points(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.1f}"


def _interval(value: float | None, low: float | None, high: float | None, scale: float, form: str) -> str:
    if value is None:
        return NONE
    ends = "unbounded" if low is None or high is None else f"{scale * low:{form}}, {scale * high:{form}}"
    return f"{scale * value:{form}} [{ends}]"


def csv_cell(value: Any) -> Any:
    """A field of a CSV file: text that a spreadsheet would run gets a quote before it."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return "" if value is None else json.dumps(value) if isinstance(value, (dict, list)) else value
