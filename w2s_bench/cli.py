"""The command line: thin verbs. Results go to standard output, progress to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from w2s_bench.errors import UserError

KINDS = ("tasks", "methods", "models", "suites")


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
            click.echo("stopped. Finished jobs are kept: the same command goes on from there.", err=True)
            sys.exit(130)
        except BrokenPipeError:
            sys.exit(0)


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


def _json_option(function: Callable) -> Callable:
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(
        function
    )


def _where_options(function: Callable) -> Callable:
    function = _method_option(function)
    return _place_options(function)


def _method_option(function: Callable) -> Callable:
    return click.option(
        "--method",
        "methods",
        multiple=True,
        metavar="NAME",
        help="Another method beside the suite's: a name, path/to/mine.py:Mine, or all. Repeatable.",
    )(function)


def _place_options(function: Callable) -> Callable:
    folder = click.Path(path_type=Path)
    for option in reversed(
        (
            click.option(
                "--hub", type=folder, envvar="W2S_HUB", help="Root of a local mirror of the hub (W2S_HUB)."
            ),
            click.option(
                "--store", type=folder, help="Where finished jobs are kept (W2S_STORE; default: user cache)."
            ),
            click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps."),
            click.option(
                "--workers",
                type=click.IntRange(min=1),
                help="Jobs at a time; default: one a core, or one a GPU.",
            ),
            click.option(
                "--threads",
                type=click.IntRange(min=1),
                default=1,
                show_default=True,
                help="CPU threads a worker; results may differ in the last digits between values.",
            ),
            click.option(
                "--limit",
                type=click.FloatRange(min=1),
                default=3600,
                show_default=True,
                help="Seconds for one student; a method that takes longer is ended and marked failed.",
            ),
        )
    ):
        function = option(function)
    return function


@main.command()
@click.argument("suite")
@_where_options
@_json_option
def plan(suite: str, as_json: bool, methods: tuple[str, ...], **where: Any) -> None:
    """List the jobs of SUITE (a name or a .toml file): shared ones, finished ones, and what is left."""
    _calm()
    from w2s_bench.harness.estimate import estimate
    from w2s_bench.line import Where, plan_suite
    from w2s_bench.store import Store
    from w2s_bench.views import plan_document, plan_text

    place = Where(**where)
    _, _, made, site = plan_suite(suite, place, methods)
    store = Store(site.store)
    document = plan_document(made, store, estimate(made, store, site.device, place.slots(site.device)))
    click.echo(json.dumps(document) if as_json else plan_text(document))


@main.command()
@click.argument("suite")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; default: runs/<suite>.")
@_where_options
@_json_option
def run(suite: str, as_json: bool, methods: tuple[str, ...], **where: Any) -> None:
    """Run what SUITE (a name or a .toml file) still lacks; print its tables, write its report.

    Exit status 1 where a method failed: its cells are marked, the rest is there, and the same command tries
    the failed jobs again.
    """
    _calm()
    from w2s_bench.display import progress
    from w2s_bench.line import Where, run_suite
    from w2s_bench.report.notes import excluded_notes
    from w2s_bench.report.tables import as_json as table_json
    from w2s_bench.report.tables import as_text
    from w2s_bench.views import failed_document, failed_text

    with progress() as display:
        report = (display.on_plan, display.on_done, display.on_failed)
        done = run_suite(suite, Where(**where), *report, methods=methods)
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
        click.echo(as_text(done.rows, _width(), done.companions, excluded_notes(done.run.info)))
        click.echo(f"{done.tally.run} fits run, {done.tally.finished} finished before, {done.seconds:.0f} s")
        click.echo(f"report: {done.folder}  (table.txt, table.md, table.csv, figures/, entries/)")
    for failure in failures:
        click.echo(failed_text(failure), err=True)
    if failures:
        sys.exit(1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json", "markdown"]),
    default="text",
    show_default=True,
)
@_json_option
def report(folder: Path, form: str, as_json: bool) -> None:
    """Print the tables of a run's FOLDER again and redraw its figures, from its records alone."""
    from w2s_bench.line import write_report
    from w2s_bench.report import tables
    from w2s_bench.report.frame import load_companions
    from w2s_bench.report.notes import excluded_notes

    run, rows = write_report(folder)
    companions, notes = load_companions(run), excluded_notes(run.info)
    if as_json or form == "json":
        click.echo(json.dumps(tables.as_json(rows, run.info, companions), allow_nan=False))
    elif form == "text":
        click.echo(tables.as_text(rows, _width(), companions, notes))
    elif form == "csv":
        click.echo(tables.as_csv(rows, companions), nl=False)
    else:
        click.echo(tables.as_markdown(rows, companions, notes), nl=False)


@main.command()
@click.argument("first", metavar="DIR[:METHOD]")
@click.argument("second", metavar="DIR[:METHOD]")
@_json_option
def compare(first: str, second: str, as_json: bool) -> None:
    """Compare two runs, or two methods of one or two runs: SECOND minus FIRST, cell by cell."""
    from w2s_bench.report.compare import as_text, side
    from w2s_bench.report.compare import compare as compared

    found = compared(side(first), side(second))
    click.echo(json.dumps(asdict(found), allow_nan=False) if as_json else as_text(found, first, second))


@main.command("list")
@click.argument("what", type=click.Choice(KINDS))
@_json_option
def list_(what: str, as_json: bool) -> None:
    """List tasks, methods, models or suites; imports none of them."""
    from w2s_bench.registry import items, method_kind, suites

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
@_json_option
def show(name: str, hub: Path | None, as_json: bool) -> None:
    """Describe a task, method, model or suite by NAME.

    Of a task: card, source, balance of the labels, rows that cannot be used, three examples. It downloads
    nothing: rows come from --hub, from this machine's cache of the hub, or with the package.
    """
    _calm()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from w2s_bench.views import describe, describe_text

    document = describe(name, hub)
    click.echo(json.dumps(document, default=asdict) if as_json else describe_text(document))


@main.command()
@click.argument("methods", metavar="METHOD...", nargs=-1, required=True)
@click.option("--suite", default="tuning", show_default=True, help="Its development tasks are searched on.")
@click.option("--trials", type=click.IntRange(min=1), default=12, show_default=True, help="Budget a method.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the sampler.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of METHOD.json; default: runs/tune.")
@_place_options
@_json_option
def tune(
    methods: tuple[str, ...],
    suite: str,
    trials: int,
    seed: int,
    out: Path | None,
    as_json: bool,
    **where: Any,
) -> None:
    """Search the options of METHOD (names, path/to/mine.py:Mine, or all) within a budget of trials.

    Only weak labels choose: agreement with the teacher, where it is sure, on validation items of the suite's
    development tasks. Nothing is changed: what was chosen and every trial are written to --out.
    """
    _calm()
    from w2s_bench.display import progress
    from w2s_bench.line import Where
    from w2s_bench.tune.say import tuned_document, tuned_text
    from w2s_bench.tune.verb import tune_methods

    with progress() as display:
        place = Where(**where)
        found = tune_methods(methods, suite, place, trials, seed, out, display.on_plan, display.on_done)
    if as_json:
        click.echo(json.dumps({"tuned": [tuned_document(t) for t in found]}))
    else:
        click.echo("\n\n".join(map(tuned_text, found)))


@main.group()
def new() -> None:
    """Write a starting file of one's own."""


@new.command("method")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="Folder; default: this one.")
def new_method_(name: str, out: Path) -> None:
    """Write NAME.py, a method that works, and test_NAME.py; overwrites nothing."""
    from w2s_bench.author import named, new_method

    paths = new_method(name, out)
    for path in paths:
        click.echo(path)
    click.echo(f"check it:  w2s-bench check method {named(paths[0])}", err=True)
    click.echo(f"run it:    w2s-bench run quick --method {named(paths[0])}", err=True)


@new.command("task")
@click.argument("name")
@click.option("--domain", type=click.Choice(["nlp", "chess", "reward"]), default="nlp", show_default=True)
@click.option("--form", type=click.Choice(["toml", "python"]), default="toml", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="Folder; default: this one.")
def new_task_(name: str, domain: Any, form: Any, out: Path) -> None:
    """Write a task that works (NAME.toml or NAME.py), rows for it, and test_NAME.py; overwrites nothing."""
    from w2s_bench.new_task import named, new_task

    paths = new_task(name, domain, form, out)
    for path in paths:
        click.echo(path)
    click.echo(f"check it:  w2s-bench check task {named(paths[0])}", err=True)
    click.echo(f'run it:    tasks = ["{named(paths[0])}"] in a grid of a suite', err=True)


@main.group()
def check() -> None:
    """Check something of one's own against its contract."""


@check.command("method")
@click.argument("name")
@_json_option
def check_method_(name: str, as_json: bool) -> None:
    """Run the contract checks on a method (a name, or path/to/mine.py:Mine) with toy data in three domains.

    Exit status 2 where something is wrong.
    """
    _calm()
    from w2s_bench.author import check_method

    findings = []
    for finding in check_method(name):
        findings.append(finding)
        if not as_json:
            click.echo(f"{'ok   ' if finding.wrong is None else 'WRONG'}  {finding.check}")
            if finding.wrong is not None:
                click.echo(f"       {finding.wrong}")
    if as_json:
        click.echo(json.dumps({"method": name, "checks": [asdict(f) for f in findings]}))
    if wrong := sum(f.wrong is not None for f in findings):
        click.echo(f"w2s-bench: {wrong} of {len(findings)} checks do not hold for {name}", err=True)
        sys.exit(2)


@check.command("intervals")
@click.option("--runs", type=click.IntRange(min=10), default=400, show_default=True, help="A design.")
@click.option("--items", type=int, multiple=True, help="Test items; default: 200, 1000, 5000. Repeatable.")
@_json_option
def check_intervals(runs: int, items: tuple[int, ...], as_json: bool) -> None:
    """Simulate experiments with a known truth: how often do nominal 95% intervals hold it?"""
    from w2s_bench.coverage import ITEMS, as_markdown, designs, measure

    found = [measure(design, runs) for design in designs(items or ITEMS)]
    click.echo(
        json.dumps({"coverage": [asdict(c) for c in found]}) if as_json else as_markdown(found), nl=False
    )


@check.command("task")
@click.argument("name")
@click.option("--hub", type=click.Path(path_type=Path), envvar="W2S_HUB", help="Local mirror of the hub.")
@click.option(
    "--tokenizer",
    "tokenizers",
    multiple=True,
    metavar="NAME",
    help="Another tokenizer to count with. Repeatable.",
)
@_json_option
def check_task_(name: str, hub: Path | None, tokenizers: tuple[str, ...], as_json: bool) -> None:
    """Audit a task (a name, path/to/mine.toml or path/to/mine.py:TASK): copies, leaks, balance, shortcuts,
    truncation, personal data.

    Exit status 2 where something fails that its card does not know.
    """
    _calm()
    from w2s_bench.audit.audit import audit_task, audit_text

    audit = audit_task(name, hub, tokenizers)
    click.echo(json.dumps(audit.describe()) if as_json else audit_text(audit))
    if audit.failures:
        told = ", ".join(dict.fromkeys(f.check for f in audit.failures))
        click.echo(f"w2s-bench: {name} fails in {told}: mend it, or say in its card why not", err=True)
        sys.exit(2)


@main.group()
def zoo() -> None:
    """The pretrained models: list them, build them again from nothing, draw their losses."""


@zoo.command("list")
@_json_option
def zoo_list(as_json: bool) -> None:
    """Families, members, parameters, and whether they are shipped."""
    _calm()
    from w2s_bench.zoo.listing import zoo_document, zoo_text

    document = zoo_document()
    click.echo(json.dumps(document) if as_json else zoo_text(document))


@zoo.command("build")
@click.argument("family")
@click.argument("members", metavar="[MEMBER]...", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where FAMILY/MEMBER is written.")
@click.option("--hub", type=click.Path(path_type=Path), envvar="W2S_HUB", help="Mirror of the hub (chess).")
@click.option("--corpora", type=click.Path(path_type=Path), help="Folder of engine matches (chess).")
@click.option("--games", type=click.Path(path_type=Path), help="Self-play games; missing ones are played.")
@click.option("--engine", default="stockfish", show_default=True, help="Stockfish, to play games.")
@click.option("--scale", type=click.FloatRange(0, min_open=True), default=1.0, help="Share, for a trial run.")
@_json_option
def zoo_build(family: str, members: tuple[str, ...], scale: float, as_json: bool, **where: Any) -> None:
    """Train FAMILY (text or chess), or the named members of it, as they ship; goes on where it stopped."""
    _calm()
    from w2s_bench.zoo.build import build
    from w2s_bench.zoo.listing import built_text
    from w2s_bench.zoo.places import Places

    built = [b.describe() for b in build(family, members, Places(**where), scale)]
    click.echo(json.dumps({"members": built}) if as_json else built_text(built))


@zoo.command("figure")
@click.argument("out", type=click.Path(path_type=Path))
def zoo_figure(out: Path) -> None:
    """Draw the losses of the shipped members to OUT, as PNG and as SVG."""
    from w2s_bench.zoo.scaling import draw

    for path in draw(out):
        click.echo(path)


def _calm() -> None:
    """Quiet libraries: their notices would break the display and mean nothing to the user."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _width() -> int | None:
    """The terminal's width; as wide as needed where there is no terminal."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
