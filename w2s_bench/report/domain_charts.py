"""Interactive charts with a panel a domain: performance profiles, training loss, overfitting, saliency."""

from __future__ import annotations

from typing import Any

import altair as alt

from w2s_bench.records import TableRow
from w2s_bench.report.figure_data import THRESHOLDS, courses, losses, profiles
from w2s_bench.report.saliency import points
from w2s_bench.report.tables import TITLES, by_domain
from w2s_bench.report.vega import Chart, Values, in_points, plain_colour, rounded, spec
from w2s_bench.results.run_folder import Run

LINE = {"type": "line", "point": True, "strokeWidth": 2}


def panels(run: Run, rows: list[TableRow]) -> tuple[list[Chart], dict[str, Values]]:
    """Draw every chart that the run has data for; return the charts and their data by name."""
    data = {
        "profiles": _profile_values(rows),
        "losses": _loss_values(run),
        "courses": _course_values(run),
        "saliency": _saliency_values(rows),
    }
    drawers = {"profiles": _profile, "losses": _loss, "courses": _course, "saliency": _saliency}
    drawn = [
        chart
        for name, draw in drawers.items()
        for domain in TITLES
        if any(value["domain"] == domain for value in data[name])
        for chart in draw(domain)
    ]
    return drawn, data


def _profile_values(rows: list[TableRow]) -> Values:
    """A point only where a profile falls: steps need no more."""
    values = []
    for domain, chosen in by_domain(rows):
        for line in profiles(chosen):
            share, last = line.share.tolist(), len(line.share) - 1
            for k, (at, y) in enumerate(zip(THRESHOLDS.tolist(), share, strict=True)):
                if k in (0, last) or y != share[k - 1]:
                    name = f"{line.method} ({line.cells} cells)"
                    values.append({"domain": domain, "method": name, "pgr": at, "share": round(y, 4)})
    return values


def _loss_values(run: Run) -> Values:
    return [
        {"domain": line.domain, "fits": line.name, "epoch": k, "loss": round(value, 4)}
        for line in losses(run)
        for k, value in enumerate(line.loss, 1)
    ]


def _course_values(run: Run) -> Values:
    """The points that both charts of training share."""
    return [
        {"domain": c.domain, "method": f"{c.method} ({c.fits} fits)", "share": rounded(share)}
        | {"accuracy": in_points(accuracy), "agreement": in_points(agreement)}
        for c in courses(run)
        for share, accuracy, agreement in c.points()
    ]


def _saliency_values(rows: list[TableRow]) -> Values:
    return [
        {"domain": p.domain, "method": p.method, "task": p.task}
        | {"before": rounded(p.before), "after": rounded(p.after)}
        for p in points(rows)
    ]


def _chart(
    name: str, domain: str, caption: str, data: str, mark: dict[str, Any], x: Any, y: Any, *fields: Any
) -> Chart:
    """A panel with a colour for each value of the first field; ``fields`` are shown in the tooltip."""
    rows = alt.Chart(alt.NamedData(data)).transform_filter(f"datum.domain === '{domain}'")
    colour = plain_colour(fields[0].removesuffix(":N"))
    marks = rows.properties(mark=alt.MarkDef(**mark)).encode(x=x, y=y, color=colour, tooltip=list(fields))
    return Chart(f"{name}-{domain}", f"{caption}: {TITLES[domain]}", spec(marks, 240))


def _profile(domain: str) -> list[Chart]:
    mark = {"type": "line", "interpolate": "step-after", "strokeWidth": 2}
    x = alt.X("pgr:Q", title="PGR above", scale=alt.Scale(domain=[-0.5, 1.5]))
    y = alt.Y("share:Q", title="share of admitted cells", scale=alt.Scale(domain=[0, 1]))
    fields = ("method:N", "pgr:Q", "share:Q")
    return [_chart("profile", domain, "Performance profile", "profiles", mark, x, y, *fields)]


def _loss(domain: str) -> list[Chart]:
    x = alt.X("epoch:O", axis=alt.Axis(labelAngle=0))
    y = alt.Y("loss:Q", title="mean training loss (nats)", scale=alt.Scale(zero=False))
    fields = ("fits:N", "epoch:O", "loss:Q")
    return [_chart("loss", domain, "Training loss by epoch", "losses", LINE, x, y, *fields)]


def _course(domain: str) -> list[Chart]:
    """Accuracy and agreement while students train.

    Where accuracy falls and agreement rises, students overfit to weak labels.
    """
    titles = {"accuracy": "test accuracy (%)", "agreement": "agreement with the teacher (%)"}
    x = alt.X("share:Q", title="share of training", scale=alt.Scale(domain=[0, 1]))
    drawn = []
    for field, title in titles.items():
        y = alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=False))
        fields = ("method:N", "share:Q", alt.Tooltip(f"{field}:Q", format=".1f"))
        caption = f"{title[0].upper()}{title[1:]} while students train"
        drawn.append(_chart(f"overfitting-{field}", domain, caption, "courses", LINE, x, y, *fields))
    return drawn


def _saliency(domain: str) -> list[Chart]:
    """PGR of the untrained student against PGR after finetuning."""
    mark = {"type": "point", "size": 55, "filled": True, "opacity": 0.9}
    x = alt.X("before:Q", title="PGR of the untrained student (zero-shot)", scale=alt.Scale(zero=False))
    y = alt.Y("after:Q", title="PGR of the finetuned student")
    fields = ("method:N", "task:N", "before:Q", "after:Q")
    return [_chart("saliency", domain, "Saliency, before and after", "saliency", mark, x, y, *fields)]
