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


def _data(name: str, domain: str) -> Any:
    return alt.Chart(alt.NamedData(name)).transform_filter(f"datum.domain === '{domain}'")


def _profile(domain: str) -> list[Chart]:
    lines = _data("profiles", domain).mark_line(interpolate="step-after", strokeWidth=2)
    lines = lines.encode(
        x=alt.X("pgr:Q", title="PGR above", scale=alt.Scale(domain=[-0.5, 1.5])),
        y=alt.Y("share:Q", title="share of admitted cells", scale=alt.Scale(domain=[0, 1])),
        color=plain_colour("method"),
        tooltip=["method:N", "pgr:Q", "share:Q"],
    )
    return [Chart(f"profile-{domain}", f"Performance profile: {TITLES[domain]}", spec(lines, 240))]


def _loss(domain: str) -> list[Chart]:
    lines = _data("losses", domain).mark_line(point=True, strokeWidth=2)
    lines = lines.encode(
        x=alt.X("epoch:O", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("loss:Q", title="mean training loss (nats)", scale=alt.Scale(zero=False)),
        color=plain_colour("fits"),
        tooltip=["fits:N", "epoch:O", "loss:Q"],
    )
    return [Chart(f"loss-{domain}", f"Training loss by epoch: {TITLES[domain]}", spec(lines, 240))]


def _course(domain: str) -> list[Chart]:
    """Accuracy and agreement while students train.

    Where accuracy falls and agreement rises, students overfit to weak labels.
    """
    titles = {"accuracy": "test accuracy (%)", "agreement": "agreement with the teacher (%)"}
    drawn = []
    for field, title in titles.items():
        lines = _data("courses", domain).mark_line(point=True, strokeWidth=2)
        lines = lines.encode(
            x=alt.X("share:Q", title="share of training", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=False)),
            color=plain_colour("method"),
            tooltip=["method:N", "share:Q", alt.Tooltip(f"{field}:Q", format=".1f")],
        )
        caption = f"{title[0].upper()}{title[1:]} while students train: {TITLES[domain]}"
        drawn.append(Chart(f"overfitting-{field}-{domain}", caption, spec(lines, 240)))
    return drawn


def _saliency(domain: str) -> list[Chart]:
    """PGR of the untrained student against PGR after finetuning."""
    title = "PGR of the untrained student (zero-shot)"
    marks = _data("saliency", domain).mark_point(size=55, filled=True, opacity=0.9)
    marks = marks.encode(
        x=alt.X("before:Q", title=title, scale=alt.Scale(zero=False)),
        y=alt.Y("after:Q", title="PGR of the finetuned student"),
        color=plain_colour("method"),
        tooltip=["method:N", "task:N", "before:Q", "after:Q"],
    )
    return [Chart(f"saliency-{domain}", f"Saliency, before and after: {TITLES[domain]}", spec(marks, 240))]
