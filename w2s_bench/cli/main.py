"""The command line: thin verbs. Results go to standard output, progress to standard error."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.leaderboard import board, submit
from w2s_bench.cli.new_and_check import check, new
from w2s_bench.cli.options import (
    Address,
    calm,
    executor_options,
    json_option,
    place_options,
    run_options,
    width,
)
from w2s_bench.cli.store import store
from w2s_bench.cli.zoo import zoo
from w2s_bench.errors import UserError

KINDS = ("tasks", "methods", "models", "suites")
STOPPED = 130  # exit status after Ctrl-C


class Verbs(click.Group):
    """Turns every UserError into one line on standard error and exit status 2."""

    def invoke(self, context: click.Context) -> Any:
        """Run a verb."""
        try:
            return super().invoke(context)
        except UserError as error:
            click.echo(f"w2s-bench: {error}", err=True)
            sys.exit(2)
        except (KeyboardInterrupt, click.Abort):
            say_stopped()
            sys.exit(STOPPED)
        except BrokenPipeError:
            sys.exit(0)


def say_stopped() -> None:
    """What Ctrl-C leaves, and how to go on."""
    click.echo("stopped. Finished jobs are kept: the same command goes on from there.", err=True)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="w2s-bench")
def main() -> None:
    """Benchmarks for weak-to-strong generalization.

    \b
    w2s-bench run quick            tables, curves and leaderboard entries for three domains
    w2s-bench plan real --hub DIR  what a suite would run, and what is finished
    w2s-bench list tasks           what there is
    w2s-bench zoo list             the pretrained models
    w2s-bench new method NAME      a method of your own, and: check method, run quick --method
    """


for verb in (new, check, zoo, board, submit, store):
    main.add_command(verb)


@main.command()
@click.argument("suite")
@run_options
@json_option
def plan(suite: str, as_json: bool, methods: tuple[str, ...], **settings: Any) -> None:
    """List the jobs of SUITE (a name or a .toml file): shared ones, finished ones, and what is left."""
    calm()
    from w2s_bench.api import plan_suite
    from w2s_bench.cli.describe import plan_document, plan_text
    from w2s_bench.plan.cost import estimate
    from w2s_bench.run.settings import RunSettings
    from w2s_bench.store.remote import store_at

    _, _, made, resolved = plan_suite(suite, RunSettings(**settings), methods)
    there = store_at(resolved.store_place)
    missing = made.to_run(there)
    seconds = estimate(made, missing, there, resolved.device, resolved.slots())
    document = plan_document(made, missing, there, seconds)
    click.echo(json.dumps(document) if as_json else plan_text(document))


@main.command()
@click.argument("suite")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; default: runs/<suite>.")
@run_options
@executor_options
@json_option
def run(suite: str, as_json: bool, methods: tuple[str, ...], **settings: Any) -> None:
    """Run what SUITE (a name or a .toml file) still lacks; print its tables, write its report.

    Exit status 1 where a method failed: its cells are marked, the rest is there, and the same command tries
    the failed jobs again.
    """
    calm()
    from w2s_bench.run.workers import prepare
    from w2s_bench.suite import load_suite

    load_suite(suite)  # one that cannot be read starts nothing
    if settings["executor"] == "local":
        prepare()
    from w2s_bench.api import run_suite
    from w2s_bench.cli.describe import failed_document, failed_text
    from w2s_bench.cli.progress import progress
    from w2s_bench.report.tables import as_json as table_json
    from w2s_bench.report.text_tables import as_text
    from w2s_bench.report.warnings import notes
    from w2s_bench.run.settings import RunSettings

    with progress() as display:
        report = (display.on_plan, display.on_done, display.on_failed)
        done = run_suite(suite, RunSettings(**settings), *report, methods=methods)
    failures = failed_document(done.run.failed)
    if as_json:
        head = {
            "fits_run": done.tally.run,
            "fits_finished": done.tally.finished,
            "seconds": round(done.seconds, 2),
            "folder": str(done.folder),
            "failed": failures,
        }
        click.echo(json.dumps(head | table_json(done.rows, done.run.info, done.companions), allow_nan=False))
    else:
        click.echo(as_text(done.rows, width(), done.companions, notes(done.rows, done.run.info)))
        click.echo(f"{done.tally.run} fits run, {done.tally.finished} finished before, {done.seconds:.0f} s")
        click.echo(f"report: {done.folder}  (report.html, table.txt, .md and .csv, figures/, entries/)")
    for failure in failures:
        click.echo(failed_text(failure), err=True)
    if failures:
        sys.exit(1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json", "markdown", "latex", "ranking"]),
    default="text",
    show_default=True,
)
@json_option
def report(folder: Path, form: str, as_json: bool) -> None:
    """Print the tables of a run's FOLDER again and redraw its figures, from its records alone."""
    from w2s_bench.report import tables
    from w2s_bench.report.latex import as_latex
    from w2s_bench.report.load import load_companions
    from w2s_bench.report.ranking import league_markdown
    from w2s_bench.report.text_tables import as_text
    from w2s_bench.report.warnings import notes
    from w2s_bench.report.write import markdown, write_report

    run, rows = write_report(folder)
    companions, said = load_companions(run), notes(rows, run.info)
    if as_json or form == "json":
        click.echo(json.dumps(tables.as_json(rows, run.info, companions), allow_nan=False))
    elif form == "text":
        columns = width()
        if columns is None:  # no terminal: the table that was written, as wide as needed
            click.echo((folder / "table.txt").read_text("utf8"))
        else:
            click.echo(as_text(rows, columns, companions, said))
    elif form == "csv":
        click.echo(tables.as_csv(rows, companions), nl=False)
    elif form == "ranking":
        click.echo(league_markdown(rows), nl=False)
    elif form == "latex":
        click.echo(as_latex(rows, companions, said), nl=False)
    else:
        click.echo(markdown(rows, companions, said), nl=False)


@main.command()
@click.argument("first", metavar="DIR[:METHOD]")
@click.argument("second", metavar="DIR[:METHOD]")
@json_option
def compare(first: str, second: str, as_json: bool) -> None:
    """Compare two runs, or two methods of one or two runs: SECOND minus FIRST, cell by cell."""
    from w2s_bench.report.compare import as_text, side
    from w2s_bench.report.compare import compare as compared

    found = compared(side(first), side(second))
    click.echo(json.dumps(asdict(found), allow_nan=False) if as_json else as_text(found, first, second))


@main.command()
@click.option("--store", "root", type=Address(), envvar="W2S_STORE", help="As for run.")
@click.option("--hub", type=click.Path(path_type=Path), envvar="W2S_HUB", help="Mirror of the hub.")
@json_option
def doctor(root: Path | str | None, hub: Path | None, as_json: bool) -> None:
    """Versions, devices, store and plug-ins here, and what is wrong. Exit status 1 if something is."""
    calm()
    from w2s_bench.cli.doctor import examine
    from w2s_bench.run.settings import store_folder

    signs = examine(store_folder(root), hub)
    if as_json:
        click.echo(json.dumps([asdict(sign) for sign in signs]))
    else:
        for sign in signs:
            mend = f"; {sign.mend}" if sign.mend and sign.state != "ok" else ""
            click.echo(f"{sign.state:<6}{sign.what}{mend}")
    if any(sign.state == "wrong" for sign in signs):
        sys.exit(1)


@main.command("list")
@click.argument("what", type=click.Choice(KINDS))
@json_option
def list_(what: str, as_json: bool) -> None:
    """List tasks, methods, models or suites; imports none of them."""
    from w2s_bench.registry.items import items, method_kind, suites

    found = suites() if what == "suites" else items(what[:-1])  # type: ignore[arg-type]
    if as_json:
        rows = [{"name": i.name, "summary": i.summary, "error": i.error} for i in found.values()]
        if what == "methods":
            rows = [row | {"kind": method_kind(str(row["summary"]))} for row in rows]
        click.echo(json.dumps({what: rows}))
        return
    width = max(map(len, found), default=0)
    for item in found.values():
        click.echo(f"{item.name:<{width}}  {'BROKEN: ' + item.error if item.error else item.summary}")


@main.command()
@click.argument("name")
@click.option(
    "--hub", type=click.Path(path_type=Path), envvar="W2S_HUB", help="Root of a local mirror (tasks)."
)
@json_option
def show(name: str, hub: Path | None, as_json: bool) -> None:
    """Describe a task, method, model or suite by NAME.

    Of a task: card, source, balance of the labels, rows that cannot be used, three examples. It downloads
    nothing: rows come from --hub, from this machine's cache of the hub, or with the package.
    """
    calm()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from w2s_bench.cli.describe import describe, describe_text

    document = describe(name, hub)
    click.echo(json.dumps(document, default=asdict) if as_json else describe_text(document))


@main.command()
@click.argument("methods", metavar="METHOD...", nargs=-1, required=True)
@click.option("--suite", default="tuning", show_default=True, help="Its development tasks are searched on.")
@click.option("--trials", type=click.IntRange(min=1), default=12, show_default=True, help="Budget a method.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the sampler.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of METHOD.json; default: runs/tune.")
@place_options
@json_option
def tune(
    methods: tuple[str, ...],
    suite: str,
    trials: int,
    seed: int,
    out: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Search the options of METHOD (names, path/to/mine.py:Mine, or all) within a budget of trials.

    Only weak labels choose: agreement with a second weak teacher, a bag of words, on validation items of the
    suite's development tasks. Nothing is changed: what was chosen and every trial are written to --out.
    """
    calm()
    from w2s_bench.cli.progress import progress
    from w2s_bench.run.settings import RunSettings
    from w2s_bench.tuning.text import tuned_document, tuned_text
    from w2s_bench.tuning.tune_methods import tune_methods

    with progress() as display:
        given = RunSettings(**settings)
        found = tune_methods(methods, suite, given, trials, seed, out, display.on_plan, display.on_done)
    if as_json:
        click.echo(json.dumps({"tuned": [tuned_document(t) for t in found]}))
    else:
        click.echo("\n\n".join(map(tuned_text, found)))
