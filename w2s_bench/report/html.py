"""``report.html``: one file with tables, charts and examples, which opens from disk without a network.

Text from tasks and methods is escaped by the template; a content security policy lets only this page's own
scripts run, by their hashes, and forbids every connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from w2s_bench.records import TableRow
from w2s_bench.report.agreement import ABOUT, TITLE, answer_head
from w2s_bench.report.charts import charts, in_groups
from w2s_bench.report.chess_svg import shared_parts
from w2s_bench.report.figure_style import unique
from w2s_bench.report.html_examples import example_groups
from w2s_bench.report.html_tables import FILTERS, answer_views, cell_head, cell_views, pool_head, pool_views
from w2s_bench.report.load import parameters
from w2s_bench.report.warnings import notes
from w2s_bench.results.examples import Shown
from w2s_bench.results.run_folder import Run
from w2s_bench.store.local import write_text
from w2s_bench.web.page import as_data, asset, environment, policy
from w2s_bench.web.vega_bundle import vega

PAGE = Path(__file__).parent / "page"
REPORT = "report.html"


def write_html(
    folder: Path,
    run: Run,
    rows: list[TableRow],
    examples: Sequence[Shown] = (),
    companions: Sequence[TableRow] = (),
) -> Path:
    """Write ``report.html`` below a run's folder; arguments are those of :func:`as_html`."""
    path = folder / REPORT
    write_text(path, as_html(run, rows, examples, companions))
    return path


def as_html(
    run: Run, rows: list[TableRow], examples: Sequence[Shown] = (), companions: Sequence[TableRow] = ()
) -> str:
    """Render the page; without ``examples`` it says that there are none.

    ``companions`` have a table of their own, above the notes on rows that could not be used.
    """
    drawn, data = charts(run, rows, parameters(run))
    scripts = [vega(), asset("tables.js"), asset("charts.js"), (PAGE / "report.js").read_text("utf8")]
    cells = [r for r in rows if r.task is not None]
    groups = example_groups(examples)
    context: dict[str, Any] = {
        "info": run.info,
        "n_cells": len(cells),
        "n_tasks": len({r.task for r in cells}),
        "n_methods": len({r.method for r in cells}),
        "n_records": len(run.records),
        "policy": policy(scripts),
        "style": Markup(asset("base.css") + (PAGE / "report.css").read_text("utf8")),
        "scripts": list(map(Markup, scripts)),
        "specs": as_data([{"name": c.name, "spec": c.spec, "by_task": c.by_task} for c in drawn]),
        "data": as_data(data),
        "chart_groups": in_groups(drawn),
        "tasks": unique(str(r.task) for r in cells if not r.reference and r.failed is None),
        "pool_head": pool_head(),
        "pool_rows": pool_views(rows),
        "answer_title": TITLE,
        "answer_about": ABOUT,
        "answer_head": answer_head(),
        "answer_rows": answer_views(rows),
        "cell_head": cell_head(),
        "cell_rows": cell_views(cells, {g["where"]: f"#{g['id']}" for g in groups}),
        "companion_rows": cell_views(list(companions), {}),
        "notes": notes(rows, run.info),
        "filters": [
            {"key": key, "title": key, "values": unique(mark(r) for r in cells)}
            for key, mark in FILTERS.items()
        ],
        "groups": groups,
        "parts": shared_parts() if any(s.position for s in examples) else "",
    }
    return str(environment(PAGE).get_template("report.html").render(context))
