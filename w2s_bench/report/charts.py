"""Interactive charts of methods and of student size, and all charts of a page with their data by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

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
    """Charts of what there is, and their data by name."""
    cells, pooled = scored(rows), pools(rows)
    data = {
        "cells": [_cell(r, size) for r in cells],
        "pools": [_pool(r) for r in pooled],
    }
    made: list[Chart] = []
    if pooled:
        methods = unique(r.method for r in pooled)
        made += [_heat("heat-pgr", "pgr", "Pooled PGR", methods, 1.0)]
        top = max([1.0, *(abs(v["gain"]) for v in data["pools"] if v["gain"] is not None)])
        made += [_heat("heat-gain", "gain", "Pooled gain (student − teacher), points", methods, top)]
    if cells:
        made += _by_size(*_names(cells))
    more, values = panels(run, rows)
    return made + more, {name: found for name, found in (data | values).items() if found}


def in_groups(made: list[Chart]) -> list[dict[str, Any]]:
    """Charts that stand in one block: those that follow the choice of a task, and the others by kind."""
    groups: dict[str, list[Chart]] = {}
    for chart in made:
        groups.setdefault(chart.name.partition("-")[0], []).append(chart)
    return [{"by_task": found[0].by_task, "charts": found} for found in groups.values()]


def size_charts(cells: list[TableRow], size: dict[str, int]) -> tuple[list[Chart], dict[str, Values]]:
    """Accuracy, PGR and agreement of the cells of one method against student size, and their data by name.

    The method is not named in the charts, so that those of many methods are drawn up once.
    """
    alike = [replace(r, method="this method") for r in cells]
    return list(_by_size(*_names(alike))), {"cells": [_cell(r, size) for r in alike]}


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
    return {
        "domain": r.domain,
        "method": r.method,
        "pgr": rounded(r.pgr),
        "gain": in_points(r.gain),
        "cells": r.cells,
    }


def _heat(name: str, field: str, title: str, methods: Sequence[str], top: float) -> Chart:
    import altair as alt

    form = ".2f" if field == "pgr" else "+.1f"
    base = alt.Chart(alt.NamedData("pools")).encode(
        x=alt.X("domain:N", title=None, sort=list(TITLES), axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("method:N", title=None, sort=list(methods), axis=alt.Axis(labelLimit=150)),
    )
    colour = alt.Color(
        f"{field}:Q",
        scale=alt.Scale(
            domain=[-top, 0, top], range=[BLUE_ORANGE[0], BLUE_ORANGE[2], BLUE_ORANGE[4]], clamp=True
        ),
        legend=None,
    )
    tip = [alt.Tooltip(f) for f in ("method:N", "domain:N", "pgr:Q", "gain:Q", "cells:Q")]
    fields = base.mark_rect(stroke="#80808040").encode(color=colour, tooltip=tip)
    ink = alt.when(f"isValid(datum.{field}) && abs(datum.{field}) > {0.6 * top}").then(alt.value("white"))
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text(f"{field}:Q", format=form), color=ink.otherwise(alt.value("black")), tooltip=tip
    )
    made = fields.transform_filter(f"isValid(datum.{field})") + numbers.transform_filter(
        f"isValid(datum.{field})"
    )
    height = max(60, 26 * len(methods))
    return Chart(name, title, spec(made, height))


@cache
def _by_size(teachers: tuple[str, ...], methods: tuple[str, ...], first_task: str) -> list[Chart]:
    """Accuracy, PGR and agreement of one task against student size."""
    import altair as alt

    ink = alt.OverlayMarkDef(color=INK, filled=True)
    ceiling = _base().mark_line(color=INK, point=ink).encode(
        x=_size(), y="mean(ceiling):Q", tooltip=[alt.Tooltip("mean(ceiling):Q", format=".1f")]
    )  # fmt: skip
    floor = _base().mark_rule(strokeOpacity=0.55, color=INK).encode(
        y="mean(floor):Q",
        strokeDash=_dash(teachers),
        tooltip=["teacher:N", alt.Tooltip("mean(floor):Q", format=".1f")],
    )  # fmt: skip
    accuracy = _lines("accuracy", "test accuracy (%)", methods, teachers, ".1f")
    bars = _base().mark_rule().encode(
        x=_size(), y="low:Q", y2="high:Q", color=_method_colour(methods), opacity=_faded()
    )  # fmt: skip
    pgr = _lines("pgr", "PGR", methods, teachers, ".2f", zero=True)
    agreement = _lines("agreement", "agreement (%)", methods, teachers, ".1f")
    found = {
        "accuracy": (
            "Accuracy by student size; ink: the ceiling, thin: teachers",
            floor + ceiling + accuracy,
        ),
        "pgr": ("PGR by student size, admitted cells, with 95% intervals", bars + pgr),
        "agreement": ("Agreement with the teacher by student size", alt.layer(agreement)),
    }
    first = {"name": "task", "value": first_task}
    specs = {name: (title, spec(made, 280)) for name, (title, made) in found.items()}
    return [
        Chart(f"size-{name}", title, one | {"params": [*one.get("params", []), first]}, by_task=True)
        for name, (title, one) in specs.items()
    ]


def _base() -> Any:
    import altair as alt

    return alt.Chart(alt.NamedData("cells")).transform_filter("datum.task === task")


def _size() -> Any:
    import altair as alt

    scale = alt.Scale(type="log", nice=False, padding=20)
    return alt.X(
        "size:Q", title="student size (parameters)", scale=scale, axis=alt.Axis(format="~s", tickCount=4)
    )


def _method_colour(methods: Sequence[str]) -> Any:
    import altair as alt

    colours = [COLOURS[k % len(COLOURS)] for k in range(len(methods))]
    legend = alt.Legend(orient="bottom", columns=2, title="method (tap: this one alone)", labelLimit=150)
    return alt.Color("method:N", scale=alt.Scale(domain=list(methods), range=colours), legend=legend)


def _dash(teachers: Sequence[str]) -> Any:
    import altair as alt

    dashes = [DASHES[k % len(DASHES)] for k in range(len(teachers))]
    legend = alt.Legend(orient="bottom", columns=2, title="teacher", symbolStrokeColor=INK)
    return alt.StrokeDash("teacher:N", scale=alt.Scale(domain=list(teachers), range=dashes), legend=legend)


def _shape(teachers: Sequence[str]) -> Any:
    import altair as alt

    shapes = [SHAPES[k % len(SHAPES)] for k in range(len(teachers))]
    legend = alt.Legend(orient="bottom", columns=2, title="teacher", symbolStrokeColor=INK)
    return alt.Shape("teacher:N", scale=alt.Scale(domain=list(teachers), range=shapes), legend=legend)


def _chosen() -> Any:
    import altair as alt

    return alt.selection_point(name="chosen", fields=["method"], bind="legend")


def _faded() -> Any:
    import altair as alt

    return alt.when(_chosen()).then(alt.value(1)).otherwise(alt.value(0.12))


def _lines(
    field: str, title: str, methods: Sequence[str], teachers: Sequence[str], form: str, zero: bool = False
) -> Any:  # fmt: skip
    import altair as alt

    base = _base().encode(
        x=_size(),
        y=alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=zero)),
        color=_method_colour(methods),
        opacity=_faded(),
    )
    tip = [
        *(alt.Tooltip(f"{n}:N") for n in ("method", "teacher", "student")),
        alt.Tooltip(f"{field}:Q", format=form),
    ]
    line = base.mark_line(strokeWidth=2).encode(strokeDash=_dash(teachers))
    points = base.mark_point(size=55, filled=True).encode(shape=_shape(teachers), tooltip=tip)
    return line + points.add_params(_chosen())
