"""The verb ``report``: the tables and figures of a finished run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from w2s_bench.cli.options import PATH, json_option
from w2s_bench.cli.output import terminal_width

FORMATS = ("text", "csv", "json", "markdown", "latex", "ranking")


@click.command()
@click.argument("folder", metavar="DIR", type=PATH)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to print the table; ranking is a Markdown table of the methods in order.",
)
@json_option
def report(folder: Path, form: str, as_json: bool) -> None:
    """Print the tables of a finished run again.

    Writes its figures and report anew. Reads only DIR, the folder that run wrote: no store, no data, no
    model.
    """
    from w2s_bench.report import tables
    from w2s_bench.report.latex import as_latex
    from w2s_bench.report.load import load_companions
    from w2s_bench.report.ranking import league_markdown
    from w2s_bench.report.text_tables import as_text
    from w2s_bench.report.warnings import notes
    from w2s_bench.report.write import markdown, write_report

    run, rows = write_report(folder)
    companions, warnings = load_companions(run), notes(rows, run.info)

    def text() -> str:
        columns = terminal_width()
        if columns is None:  # the table as run wrote it, of any width
            return (folder / "table.txt").read_text("utf8") + "\n"
        return as_text(rows, columns, companions, warnings) + "\n"

    forms: dict[str, Callable[[], str]] = {
        "text": text,
        "csv": lambda: tables.as_csv(rows, companions),
        "json": lambda: json.dumps(tables.as_json(rows, run.info, companions), allow_nan=False) + "\n",
        "markdown": lambda: markdown(rows, companions, warnings),
        "latex": lambda: as_latex(rows, companions, warnings),
        "ranking": lambda: league_markdown(rows),
    }
    click.echo(forms["json" if as_json else form](), nl=False)
