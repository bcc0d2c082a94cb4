"""Parts of all interactive charts: Altair makes Vega-Lite, whose data stand in the page once, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from w2s_bench.report.figure_style import COLOURS

INK = "currentColor"  # the page's own: dark on light, light on dark
Values = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A Vega-Lite document without its data. ``by_task``: it has a parameter ``task`` that the page sets."""

    name: str
    caption: str
    spec: dict[str, Any]
    by_task: bool = False


def spec(chart: Any, height: int) -> dict[str, Any]:
    """A chart's document: as wide as its place in the page, in the page's ink, without a schema's address.

    The chart is not checked against the schema, which takes a second a report; the tests do so.
    """
    ink = {f"{part}Color": INK for part in ("label", "title")}
    config = {
        "background": "transparent",
        "view": {"stroke": None},
        "font": "system-ui, sans-serif",
        "axis": ink | {"gridColor": INK, "gridOpacity": 0.13, "domainColor": INK, "tickColor": INK},
        "legend": ink | {"layout": {"bottom": {"direction": "vertical", "anchor": "start"}}},
    }
    document: dict[str, Any] = chart.properties(width="container", height=height).to_dict(validate=False)
    document.pop("$schema", None)
    return document | {"config": config, "autosize": {"type": "fit-x", "contains": "padding"}}


def plain_colour(field: str) -> Any:
    """A colour for each value of a field, with a legend below."""
    legend = alt.Legend(orient="bottom", columns=2, title=None, labelLimit=150)
    return alt.Color(f"{field}:N", scale=alt.Scale(range=list(COLOURS)), legend=legend)


def in_points(value: float | None) -> float | None:
    """A fraction in percentage points, to two decimals."""
    return None if value is None else round(100 * value, 2)


def rounded(value: float | None) -> float | None:
    """Three decimals: as exact as a chart can show."""
    return None if value is None else round(value, 3)
