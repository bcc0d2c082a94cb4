"""PGR tables as LaTeX: a long table with booktabs rules for each domain, every name escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from w2s_bench.records import TableRow
from w2s_bench.report.columns import MAIN, columns
from w2s_bench.report.tables import TITLES, sections

HEAD = "% needs \\usepackage{booktabs} and \\usepackage{longtable}\n"
_SPECIAL = str.maketrans({
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}",
    ">": "\\textgreater{}", "|": "\\textbar{}", '"': "\\textquotedbl{}",
    "→": "$\\to$", "–": "--", "−": "$-$", "\n": " ", "\r": " ",
})  # fmt: skip


def as_latex(rows: list[TableRow], companions: Sequence[TableRow] = (), notes: Sequence[str] = ()) -> str:
    """A table for each domain, in the order and words of the other forms; reference rows and pools too.

    A domain's companions have a table of their own below its table; ``notes`` are paragraphs at the end.
    """
    parts = []
    for title, chosen in sections(rows, companions):
        label = chosen[0].domain + ("" if title in TITLES.values() else "-companions")
        parts.append(_table(title, label, chosen))
    return HEAD + "\n".join([*parts, *(f"\\noindent {escaped(note)}\n" for note in notes)])


def _table(title: str, label: str, rows: list[TableRow]) -> str:
    shown = columns(MAIN)
    alignment = "".join("l" if c.value is None else "r" for c in shown)
    head = " & ".join(escaped(c.title) for c in shown) + " \\\\"
    lines, above = [], ""
    for row in rows:
        task, *others = (c.text(row) for c in shown)
        if above and task != above:
            lines.append("\\addlinespace")
        texts = [task if task != above else "", *others]
        lines.append(" & ".join(map(_number, texts)) + " \\\\")
        above = task
    body = "\n".join(lines)
    return (
        f"\\begin{{longtable}}{{@{{}}{alignment}@{{}}}}\n"
        f"\\caption{{{escaped(title)}}}\\label{{tab:w2s-{label}}}\\\\\n"
        f"\\toprule\n{head}\n\\midrule\n\\endfirsthead\n\\toprule\n{head}\n\\midrule\n\\endhead\n"
        f"\\bottomrule\n\\endlastfoot\n{body}\n\\end{{longtable}}\n"
    )


def escaped(text: str) -> str:
    """Escape a text so that LaTeX prints it unchanged.

    A leading bracket gets braces: after ``\\\\`` LaTeX would read it as an option.
    """
    plain = text.translate(_SPECIAL)
    return "{[}" + plain[1:] if plain.startswith("[") else plain


def _number(text: str) -> str:
    """Escape a field; the hyphen in front of a number becomes a minus sign."""
    return re.sub(r"(?<![\w.)-])-(?=\d)", "$-$", escaped(text))
