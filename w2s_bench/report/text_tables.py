"""PGR tables as plain text: a line for each task, each pair of models and each method.

The accuracies of teacher and ceiling stand once, on the line of the pair.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from w2s_bench.records import TableRow
from w2s_bench.report.columns import FAILED, MAIN, METHOD, NAMES, PAIR, REMARK, TASK, Column, columns
from w2s_bench.report.tables import sections

WIDE = 120  # columns of a terminal that shows every column of the table
Line = tuple[str, ...]
Texts = dict[str, str]


def as_text(
    rows: list[TableRow],
    width: int | None = None,
    companions: Sequence[TableRow] = (),
    notes: Sequence[str] = (),
) -> str:
    """Tables as plain text, ``width`` columns wide (as wide as needed where None).

    With a width, rich draws them; a narrow table leaves columns out rather than cut a number in two.
    """
    lines: list[str] = []
    for title, chosen in sections(rows, companions):
        lines += plain_table(title, chosen) if width is None else folded_table(title, chosen, width)
    return "\n".join([*lines, *notes]) + "\n"


def plain_table(title: str, rows: list[TableRow]) -> list[str]:
    """The table that rich would draw at full width, twenty times as fast: large runs have long tables."""
    from rich.cells import cell_len

    shown = _numbers(narrow=False)
    parts = list(_parts(rows, shown))
    head = ("", *(c.title for c in shown))
    widths = [max(map(cell_len, column)) for column in zip(head, *(t for p in parts for t in p), strict=True)]
    right = [False, *(c.right for c in shown)]

    def line(texts: Line) -> str:
        spaces = [" " * (w - cell_len(t)) for t, w in zip(texts, widths, strict=True)]
        padded = [gap + t if r else t + gap for t, gap, r in zip(texts, spaces, right, strict=True)]
        return (" " + "   ".join(padded)).rstrip()

    rule = " " + "─" * (sum(widths) + 3 * len(widths) - 3)
    body = [text for part in parts for text in (*map(line, part), "")]
    return [title, "", line(head), rule, *body]


def folded_table(title: str, rows: list[TableRow], width: int) -> list[str]:
    """A table of at most ``width`` columns, drawn by rich; long names are folded."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(width=width, file=out, color_system=None, highlight=False)
    console.print(_rich_table(title, rows, _numbers(narrow=width < WIDE)))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def _rich_table(title: str, rows: list[TableRow], shown: list[Column]) -> Any:
    from rich import box
    from rich.markup import escape  # "[unbounded]" is no style
    from rich.table import Table

    style: dict[str, Any] = {"title_justify": "left", "title_style": "bold"}
    table = Table(title=escape(title), box=box.SIMPLE_HEAD, pad_edge=False, **style)
    table.add_column("", overflow="fold")
    for column in shown:
        table.add_column(column.title, justify="right" if column.right else "left", no_wrap=True)
    for part in _parts(rows, shown):
        table.add_section()
        for line in part:
            table.add_row(*map(escape, line))
    return table


def _numbers(narrow: bool) -> list[Column]:
    """Columns beside the names; remarks have none of their own."""
    numbers = [c for c in columns(MAIN) if c.key not in (*NAMES, REMARK.key)]
    return [c for c in numbers if c.narrow or not narrow]


def _parts(rows: list[TableRow], shown: list[Column]) -> Iterator[list[Line]]:
    """The lines of each task."""
    part: list[Line] = []
    above: Texts = {}
    for row in rows:
        texts = {c.key: c.text(row) for c in (TASK, PAIR, METHOD, *shown, REMARK)}
        if above and texts["task"] != above["task"]:
            yield part
            part = []
        part += _lines(texts, above, shown)
        above = texts
    yield part


def _lines(texts: Texts, above: Texts, shown: list[Column]) -> Iterator[Line]:
    """The line of a task and that of a pair where they change, then the method's.

    The remark stands on the pair's line below PGR, that of a failed method below its lead over naive.
    """
    if texts["task"] != above.get("task"):
        yield (texts["task"], *("" for _ in shown))
    new_pair = any(texts[key] != above.get(key) for key in ("task", "pair"))
    if new_pair or any(texts[c.key] != above[c.key] for c in shown if c.shared):
        shared = {c.key: texts[c.key] for c in shown if c.shared} | {"pgr": texts["remark"]}
        yield (f"  {texts['pair']}" if new_pair else "", *(shared.get(c.key, "") for c in shown))
    own = {c.key: texts[c.key] for c in shown if not c.shared}
    if texts["remark"].startswith(FAILED) and not own.get("over_naive"):
        own["over_naive"] = texts["remark"]
    yield (f"    {texts['method']}", *(own.get(c.key, "") for c in shown))
