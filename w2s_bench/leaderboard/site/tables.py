"""The entries of a board as rows of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from w2s_bench.leaderboard.entry_file import BoardEntry
from w2s_bench.leaderboard.site.board_view import BoardShown
from w2s_bench.records import Domain, TableRow
from w2s_bench.report.columns import BOARD, PGR, Column, columns
from w2s_bench.report.figure_style import unique
from w2s_bench.report.html_tables import column_view
from w2s_bench.report.tables import TITLES
from w2s_bench.web.page import RowView, View

SHORT = {"nlp": "NLP", "chess": "Chess", "reward": "Rewards"}
TAIL = ("mean group", "tier", "coverage", "cost (fit minutes)", "inputs", "seeds")
# The first columns of a domain's table; the others follow in their usual order.
FIRST = ("pgr", "gain", "over_naive", "student_accuracy", "cells")
LOW, HIGH = -0.25, 1.25  # of the scale on which intervals are drawn
BAR_ENDS = tuple(round(100 * (at - LOW) / (HIGH - LOW), 1) for at in (0, 1))  # teacher and ceiling on it
UNKNOWN = "own code"


def inputs_of(one: BoardEntry) -> str:
    """The inputs that the method consumes, as one text."""
    return UNKNOWN if one.entry.inputs is None else ", ".join(one.entry.inputs) or "nothing"


def marks_of(board: BoardShown, one: BoardEntry) -> dict[str, str]:
    """The values of an entry that filters compare, by filter."""
    entry = one.entry
    domains = [TITLES[d] for d in board.domains if one.pool(d, board.pool) is not None]
    inputs = [UNKNOWN] if entry.inputs is None else entry.inputs or ["nothing"]
    return {
        "kind": entry.kind,
        "tier": one.tier,
        "inputs": "|".join(inputs),
        "domain": "|".join(domains),
        "entry": one.stem,
    }


def filters_of(board: BoardShown, entries: Sequence[BoardEntry]) -> list[dict[str, Any]]:
    """The filters of a table, with the values to choose from."""
    marks = [marks_of(board, e) for e in entries]
    titles = {"kind": "kind", "tier": "tier", "inputs": "input consumed", "domain": "domain"}
    return [
        {"key": key, "title": title, "values": unique(v for m in marks for v in m[key].split("|") if v)}
        for key, title in titles.items()
    ]


def overall_head(board: BoardShown) -> tuple[str, ...]:
    """Heads of the table over all domains: a PGR for each domain, never one for all."""
    return ("method", *(f"{SHORT[d]}: PGR" for d in board.domains), *TAIL)


def overall(board: BoardShown) -> list[RowView]:
    """A row for each entry; methods by their mean tie group, then the others."""
    return [_overall_row(board, e) for e in sorted(board.entries, key=lambda e: _overall_place(board, e))]


def _overall_place(board: BoardShown, one: BoardEntry) -> tuple[float, float, str]:
    mean = board.mean_group(one)
    rows = [one.pool(d, board.pool) for d in board.domains]
    lead = sum(r.over_naive or 0.0 for r in rows if r is not None)
    return (float("inf") if mean is None or one.entry.kind != "method" else mean), -lead, one.stem


def _overall_row(board: BoardShown, one: BoardEntry) -> RowView:
    entry, mean = one.entry, board.mean_group(one)
    ranked = entry.kind == "method" and mean is not None
    return RowView(
        [
            _name(one, "methods/"),
            *(_pgr(board, one, d) for d in board.domains),
            View(f"{mean:.1f}" if ranked else "–", sort=f"{mean:.4f}" if ranked else "", number=True),
            View(one.tier),
            View(f"{100 * entry.coverage:.0f}%", sort=entry.coverage, number=True),
            View(f"{entry.cost_seconds / 60:.1f}", sort=entry.cost_seconds, number=True),
            View(inputs_of(one)),
            View(str(len(entry.seeds)), sort=len(entry.seeds), number=True),
        ],
        marks_of(board, one),
    )


def domain_head() -> list[str]:
    """Heads of a domain's ranking, the same for all domains."""
    return ["method", "group", *(c.title for c in _domain_columns()), "tier"]


def domain_rows(board: BoardShown, domain: Domain) -> list[RowView]:
    """The ranking of one domain, a row for each entry with a pool there."""
    return [_domain_row(board, one, domain) for one in board.ordered(domain)]


def _domain_columns() -> list[Column]:
    return sorted(columns(BOARD), key=lambda c: FIRST.index(c.key) if c.key in FIRST else len(FIRST))


def _domain_row(board: BoardShown, one: BoardEntry, domain: Domain) -> RowView:
    row = one.pool(domain, board.pool)
    assert row is not None, "only entries with a pool there are ordered"
    group = board.groups[domain].get(one.stem) if one.entry.kind == "method" else None
    views = {c.key: column_view(c, row) for c in _domain_columns()}
    views |= {key: replace(view, text=view.text or "–") for key, view in views.items()}
    views["pgr"] = _pgr(board, one, domain)
    return RowView(
        [
            _name(one, "methods/"),
            View("–" if group is None else str(group), sort="" if group is None else group, number=True),
            *views.values(),
            View(one.tier),
        ],
        marks_of(board, one),
    )


def _name(one: BoardEntry, folder: str) -> View:
    small = {"reference": "reference row", "oracle": "oracle: uses gold"}.get(one.entry.kind, "")
    return View(one.entry.method, small=small, link=f"{folder}{one.stem}.html")


def _pgr(board: BoardShown, one: BoardEntry, domain: Domain) -> View:
    row = one.pool(domain, board.pool)
    if row is None or row.pgr is None:
        return View("–", sort="", number=True)
    group = board.groups[domain].get(one.stem) if one.entry.kind == "method" else None
    view = column_view(PGR, row)
    small = view.small + (f" · group {group}" if group else "")
    return View(view.text, small=small, sort=view.sort, number=True, bar=bar_of(row))


def bar_of(row: TableRow) -> tuple[float, float, float] | None:
    """The interval of a PGR on the page's scale; None where it has no ends."""
    if row.pgr is None or row.pgr_low is None or row.pgr_high is None:
        return None
    low, mid, high = (100 * (v - LOW) / (HIGH - LOW) for v in (row.pgr_low, row.pgr, row.pgr_high))
    return round(max(0.0, low), 1), round(min(100.0, max(0.0, mid)), 1), round(min(100.0, high), 1)
