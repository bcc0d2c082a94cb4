"""``report.html``: one file with tables, charts and examples; opens from disk and asks no host for anything.

Text from tasks and methods is escaped by the template; a content security policy lets only this page's own
scripts run, by their hashes, and forbids every connection.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from w2s_bench.examples import Shown
from w2s_bench.records import Row
from w2s_bench.report.answers import ABOUT, HEAD, TITLE
from w2s_bench.report.charts import Chart, charts
from w2s_bench.report.frame import parameters
from w2s_bench.report.look import unique
from w2s_bench.report.notes import notes
from w2s_bench.report.rows import CELL_HEAD, FILTERS, POOL_HEAD, answer_views, cell_views, pool_views
from w2s_bench.report.samples import example_groups
from w2s_bench.rundir import Run
from w2s_bench.store import write_text

PAGE = Path(__file__).parent / "page"
REPORT = "report.html"


def write_html(
    folder: Path, run: Run, rows: list[Row], examples: Sequence[Shown] = (), companions: Sequence[Row] = ()
) -> Path:
    """Write ``report.html`` below a run's folder."""
    path = folder / REPORT
    write_text(path, as_html(run, rows, examples, companions))
    return path


def as_html(run: Run, rows: list[Row], examples: Sequence[Shown] = (), companions: Sequence[Row] = ()) -> str:
    """The page; without ``examples`` it says that there are none. ``companions`` have a table of their own,
    and rows that could not be used stand below it."""
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    made, data = charts(run, rows, parameters(run))
    bundle, script = script_bundle(), (PAGE / "report.js").read_text("utf8")
    cells = [r for r in rows if r.task is not None]
    groups = example_groups(examples)
    context: dict[str, Any] = {
        "info": run.info,
        "n_cells": len(cells),
        "n_tasks": len({r.task for r in cells}),
        "n_methods": len({r.method for r in cells}),
        "n_records": len(run.records),
        "policy": _policy([bundle, script]),
        "style": Markup((PAGE / "report.css").read_text("utf8")),
        "bundle": Markup(bundle),
        "script": Markup(script),
        "specs": _as_data([{"name": c.name, "spec": c.spec, "by_task": c.by_task} for c in made]),
        "data": _as_data(data),
        "chart_groups": _in_groups(made),
        "tasks": unique(str(r.task) for r in cells if not r.reference and r.failed is None),
        "pool_head": POOL_HEAD,
        "pool_rows": pool_views(rows),
        "answer_title": TITLE,
        "answer_about": ABOUT,
        "answer_head": HEAD,
        "answer_rows": answer_views(rows),
        "cell_head": CELL_HEAD,
        "cell_rows": cell_views(cells, {g["where"]: g["id"] for g in groups}),
        "companion_rows": cell_views(list(companions), {}),
        "notes": notes(rows, run.info),
        "filters": [
            {"key": key, "title": key, "values": unique(mark(r) for r in cells)}
            for key, mark in FILTERS.items()
        ],
        "groups": groups,
        "parts": _board_parts() if any(s.position for s in examples) else "",
    }
    loader = FileSystemLoader(PAGE)
    environment = Environment(autoescape=True, loader=loader, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("report.html").render(context)


def _board_parts() -> Any:
    from w2s_bench.report.boards import shared_parts

    return shared_parts()


@cache
def script_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from the package that carries them; about 900 kB."""
    import vl_convert

    made = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return str(made).replace("</script", "<\\/script")


def _policy(scripts: list[str]) -> str:
    """Only these scripts run, and nothing is fetched."""
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    allowed = " ".join(f"'sha256-{h}'" for h in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _as_data(value: Any) -> Any:
    """JSON for an element of data: nothing in it can end the element."""
    from markupsafe import Markup

    return Markup(json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"))


def _in_groups(made: list[Chart]) -> list[dict[str, Any]]:
    """Charts that stand in one block: those that follow the choice of a task, and the others by kind."""
    groups: dict[str, list[Chart]] = {}
    for chart in made:
        groups.setdefault(chart.name.partition("-")[0], []).append(chart)
    return [{"by_task": found[0].by_task, "charts": found} for found in groups.values()]
