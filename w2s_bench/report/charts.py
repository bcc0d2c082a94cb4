"""Interactive charts of methods and of student size, and all charts of a page with their data by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import altair as alt

from w2s_bench.records import TableRow
from w2s_bench.report.domain_charts import panels
from w2s_bench.report.figure_data import pools
from w2s_bench.report.figure_style import BLUE_ORANGE, COLOURS, scored, unique
from w2s_bench.report.tables import TITLES
from w2s_bench.report.vega import INK, Chart, Values, in_points, rounded, spec
from w2s_bench.results.run_folder import Run

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])


def charts(run: Run, rows: list[TableRow], size: dict[str, int]) -> tuple[list[Chart], dict[str, Values]]:
    """Draw every chart that the run has data for; return the charts and their data by name."""
    cells, pooled = scored(rows), pools(rows)
    data = {"cells": [_cell(r, size) for r in cells], "pools": [_pool(r) for r in pooled]}
    drawn: list[Chart] = []
    if pooled:
        methods = unique(r.method for r in pooled)
        top = max([1.0, *(abs(v["gain"]) for v in data["pools"] if v["gain"] is not None)])
        drawn.append(_heat("heat-pgr", "pgr", "Pooled PGR", methods, 1.0))
        drawn.append(_heat("heat-gain", "gain", "Pooled gain (student − teacher), points", methods, top))
    if cells:
        drawn += _by_size(*_names(cells))
    by_domain, values = panels(run, rows)
    return drawn + by_domain, {name: points for name, points in (data | values).items() if points}


def in_groups(drawn: list[Chart]) -> list[dict[str, Any]]:
    """Group charts into the blocks of a page: those that follow the choice of a task, the others by kind."""
    groups: dict[str, list[Chart]] = {}
    for chart in drawn:
        groups.setdefault(chart.name.partition("-")[0], []).append(chart)
    return [{"by_task": group[0].by_task, "charts": group} for group in groups.values()]


def size_charts(cells: list[TableRow], size: dict[str, int]) -> tuple[list[Chart], dict[str, Values]]:
    """Accuracy, PGR and agreement of the cells of one method against student size, and their data by name.

    The charts do not name the method, so that many methods share one cached set of charts.
    """
    unnamed = [replace(r, method="this method") for r in cells]
    return list(_by_size(*_names(unnamed))), {"cells": [_cell(r, size) for r in unnamed]}


def _names(cells: list[TableRow]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Teachers, methods and the first task."""
    teachers, methods = unique(str(r.teacher) for r in cells), unique(r.method for r in cells)
    return tuple(teachers), tuple(methods), str(cells[0].task)


def _cell(r: TableRow, size: dict[str, int]) -> dict[str, Any]:
    return {
        "task": r.task,
        "teacher": r.teacher,
        "student": r.student,
        "size": size[str(r.student)],
        "method": r.method,
        "floor": in_points(r.teacher_accuracy),
        "accuracy": in_points(r.student_accuracy),
        "ceiling": in_points(r.ceiling_accuracy),
        "pgr": rounded(r.pgr) if r.admitted else None,
        "low": rounded(r.pgr_low) if r.admitted else None,
        "high": rounded(r.pgr_high) if r.admitted else None,
        "agreement": in_points(r.agreement),
    }


def _pool(r: TableRow) -> dict[str, Any]:
    values = {"pgr": rounded(r.pgr), "gain": in_points(r.gain), "cells": r.cells}
    return {"domain": r.domain, "method": r.method} | values


def _heat(name: str, field: str, title: str, methods: Sequence[str], top: float) -> Chart:
    base = alt.Chart(alt.NamedData("pools")).encode(
        x=alt.X("domain:N", title=None, sort=list(TITLES), axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("method:N", title=None, sort=list(methods), axis=alt.Axis(labelLimit=150)),
        tooltip=[alt.Tooltip(f) for f in ("method:N", "domain:N", "pgr:Q", "gain:Q", "cells:Q")],
    )
    scale = alt.Scale(domain=[-top, 0, top], range=list(BLUE_ORANGE[::2]), clamp=True)
    colour = alt.Color(f"{field}:Q", scale=scale, legend=None)
    fields = base.mark_rect(stroke="#80808040").encode(color=colour)
    ink = alt.when(f"isValid(datum.{field}) && abs(datum.{field}) > {0.6 * top}").then(alt.value("white"))
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text(f"{field}:Q", format=".2f" if field == "pgr" else "+.1f"),
        color=ink.otherwise(alt.value("black")),
    )
    valid = f"isValid(datum.{field})"
    heat = fields.transform_filter(valid) + numbers.transform_filter(valid)
    return Chart(name, title, spec(heat, max(60, 26 * len(methods))))


@cache
def _by_size(teachers: tuple[str, ...], methods: tuple[str, ...], first_task: str) -> list[Chart]:
    """Accuracy, PGR and agreement of one task against student size."""
    ink = alt.OverlayMarkDef(color=INK, filled=True)
    ceiling = _base().mark_line(color=INK, point=ink).encode(
        x=_size(), y="mean(ceiling):Q", tooltip=[alt.Tooltip("mean(ceiling):Q", format=".1f")]
    )  # fmt: skip
    floor = _base().mark_rule(strokeOpacity=0.55, color=INK).encode(
        y="mean(floor):Q",
        strokeDash=_teacher_channel(alt.StrokeDash, teachers, DASHES),
        tooltip=["teacher:N", alt.Tooltip("mean(floor):Q", format=".1f")],
    )  # fmt: skip
    accuracy = _lines("accuracy", "test accuracy (%)", methods, teachers, ".1f")
    bars = _base().mark_rule().encode(
        x=_size(), y="low:Q", y2="high:Q", color=_method_colour(methods), opacity=_faded()
    )  # fmt: skip
    pgr = _lines("pgr", "PGR", methods, teachers, ".2f", zero=True)
    agreement = alt.layer(_lines("agreement", "agreement (%)", methods, teachers, ".1f"))
    baselines = floor + ceiling
    captions = {
        "accuracy": ("Accuracy by student size; ink: the ceiling, thin: teachers", baselines + accuracy),
        "pgr": ("PGR by student size, admitted cells, with 95% intervals", bars + pgr),
        "agreement": ("Agreement with the teacher by student size", agreement),
    }
    task = {"name": "task", "value": first_task}
    drawn = []
    for name, (caption, chart) in captions.items():
        document = spec(chart, 280)
        parameters = {"params": [*document.get("params", []), task]}
        drawn.append(Chart(f"size-{name}", caption, document | parameters, by_task=True))
    return drawn


def _base() -> Any:
    return alt.Chart(alt.NamedData("cells")).transform_filter("datum.task === task")


def _size() -> Any:
    scale, axis = alt.Scale(type="log", nice=False, padding=20), alt.Axis(format="~s", tickCount=4)
    return alt.X("size:Q", title="student size (parameters)", scale=scale, axis=axis)


def _method_colour(methods: Sequence[str]) -> Any:
    colours = [COLOURS[k % len(COLOURS)] for k in range(len(methods))]
    legend = alt.Legend(orient="bottom", columns=2, title="method (tap: this one alone)", labelLimit=150)
    return alt.Color("method:N", scale=alt.Scale(domain=list(methods), range=colours), legend=legend)


def _teacher_channel(channel: Any, teachers: Sequence[str], marks: Sequence[Any]) -> Any:
    """Teachers by shape or by dash; ``marks`` are used again where there are more teachers."""
    scale = alt.Scale(domain=list(teachers), range=[marks[k % len(marks)] for k in range(len(teachers))])
    legend = alt.Legend(orient="bottom", columns=2, title="teacher", symbolStrokeColor=INK)
    return channel("teacher:N", scale=scale, legend=legend)


def _chosen() -> Any:
    return alt.selection_point(name="chosen", fields=["method"], bind="legend")


def _faded() -> Any:
    return alt.when(_chosen()).then(alt.value(1)).otherwise(alt.value(0.12))


def _lines(
    field: str, title: str, methods: Sequence[str], teachers: Sequence[str], form: str, zero: bool = False
) -> Any:  # fmt: skip
    base = _base().encode(
        x=_size(),
        y=alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=zero)),
        color=_method_colour(methods),
        opacity=_faded(),
    )
    names = [alt.Tooltip(f"{n}:N") for n in ("method", "teacher", "student")]
    line = base.mark_line(strokeWidth=2).encode(strokeDash=_teacher_channel(alt.StrokeDash, teachers, DASHES))
    points = base.mark_point(size=55, filled=True).encode(
        shape=_teacher_channel(alt.Shape, teachers, SHAPES),
        tooltip=[*names, alt.Tooltip(f"{field}:Q", format=form)],
    )
    return line + points.add_params(_chosen())
