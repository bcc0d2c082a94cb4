"""The verb ``compare``: two runs or two methods, cell by cell."""

from __future__ import annotations

from dataclasses import asdict

import click

from w2s_bench.cli.options import json_option
from w2s_bench.cli.output import print_document


@click.command()
@click.argument("first", metavar="DIR[:METHOD]")
@click.argument("second", metavar="DIR[:METHOD]")
@json_option
def compare(first: str, second: str, as_json: bool) -> None:
    """Compare two runs, or two methods, cell by cell.

    Differences are second minus first.
    """
    from w2s_bench.report.compare import as_text, side
    from w2s_bench.report.compare import compare as compare_sides

    comparison = compare_sides(side(first), side(second))
    print_document(asdict(comparison), as_json, lambda _: as_text(comparison, first, second))
