"""PGR tables as LaTeX: a long table with booktabs rules for each domain, every name escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from w2s_bench.records import TableRow
from w2s_bench.report.columns import MAIN, columns
from w2s_bench.report.tables import COMPANIONS, TITLES, by_domain

HEAD = "% needs \\usepackage{booktabs} and \\usepackage{longtable}\n"
_SPECIAL = {
    "\\": "\\textbackslash{}",
    "&": "\\&",
    "%": "\\%",
    "$": "\\$",
    "#": "\\#",
    "_": "\\_",
    "{": "\\{",
    "}": "\\}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    '"': "\\textquotedbl{}",
    "→": "$\\to$",
    "–": "--",
    "−": "$-$",
    "\n": " ",
    "\r": " ",
}


def as_latex(rows: list[TableRow], companions: Sequence[TableRow] = (), notes: Sequence[str] = ()) -> str:
    """A table for each domain, in the order and words of the other forms; reference rows and pools too.

    A domain's companions have a table of their own below its table; ``notes`` are paragraphs at the end.
    """
    others = dict(by_domain(list(companions)))
    parts = []
    for domain, chosen in by_domain(rows):
        parts.append(_table(TITLES[domain], domain, chosen))
        if domain in others:
            title = f"{TITLES[domain]}: {COMPANIONS}"
            parts.append(_table(title, f"{domain}-companions", others[domain]))
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
    """Text that LaTeX prints as it stands. A bracket in front is put in braces: behind ``\\\\`` it would be
    read as an option."""
    plain = "".join(_SPECIAL.get(c, c) for c in text)
    return "{[}" + plain[1:] if plain.startswith("[") else plain


def _number(text: str) -> str:
    """A cell; the hyphen in front of a number becomes a minus sign."""
    return re.sub(r"(?<![\w.)-])-(?=\d)", "$-$", escaped(text))
