"""The verb ``run``: run a suite and print its tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from w2s_bench.cli.options import PATH, executor_options, json_option, method_option, place_options
from w2s_bench.cli.output import print_document, quiet_libraries, terminal_width
from w2s_bench.run.settings import RunSettings

if TYPE_CHECKING:
    from w2s_bench.api import Finished


@click.command()
@click.argument("suite")
@click.option("--out", type=PATH, metavar="DIR", help="Folder of the results.  [default: runs/SUITE]")
@place_options
@method_option
@executor_options
@json_option
def run(suite: str, as_json: bool, methods: tuple[str, ...], **settings: Any) -> None:
    """Run the unfinished jobs of a suite; print its tables.

    SUITE is a name or a .toml file. Tables, figures and a report are written to --out. Exit status 1 if a
    method failed: its cells are marked, all others have results, and the same command tries the failed jobs
    again.
    """
    quiet_libraries()
    from w2s_bench.run.workers import prepare
    from w2s_bench.suite import load_suite

    load_suite(suite)  # a suite that cannot be read starts no worker
    if settings["executor"] == "local":
        prepare()
    from w2s_bench.api import run_suite
    from w2s_bench.cli.describe import failed_document, failed_text
    from w2s_bench.cli.progress import progress

    with progress() as display:
        report = (display.on_plan, display.on_done, display.on_failed)
        done = run_suite(suite, RunSettings(**settings), *report, methods=methods)
    failures = failed_document(done.run.failed)
    print_document(_document(done, failures) if as_json else None, as_json, lambda _: _text(done))
    for failure in failures:
        click.echo(failed_text(failure), err=True)
    if failures:
        sys.exit(1)


def _document(done: Finished, failures: list[dict[str, Any]]) -> dict[str, Any]:
    from w2s_bench.report.tables import as_json

    head = {
        "fits_run": done.tally.run,
        "fits_finished": done.tally.finished,
        "seconds": round(done.seconds, 2),
        "folder": str(done.folder),
        "failed": failures,
    }
    return head | as_json(done.rows, done.run.info, done.companions)


def _text(done: Finished) -> str:
    from w2s_bench.report.text_tables import as_text
    from w2s_bench.report.warnings import notes

    table = as_text(done.rows, terminal_width(), done.companions, notes(done.rows, done.run.info))
    return (
        f"{table}\n"
        f"{done.tally.run} fits run, {done.tally.finished} finished before, {done.seconds:.0f} s\n"
        f"results in {done.folder}: report.html, table.txt, table.md, table.csv, figures/, entries/"
    )
