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
    """


def _json_option(function: Callable) -> Callable:
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(
        function
    )


def _where_options(function: Callable) -> Callable:
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
        )
    ):
        function = option(function)
    return function


@main.command()
@click.argument("suite")
@_where_options
@_json_option
def plan(suite: str, as_json: bool, **where: Any) -> None:
    """List the jobs of SUITE (a name or a .toml file): shared ones, finished ones, and what is left."""
    _calm()
    from w2s_bench.harness.estimate import estimate
    from w2s_bench.line import Where, plan_suite
    from w2s_bench.store import Store
    from w2s_bench.views import plan_document, plan_text

    place = Where(**where)
    _, _, made, site = plan_suite(suite, place)
    store = Store(site.store)
    document = plan_document(made, store, estimate(made, store, site.device, place.slots(site.device)))
    click.echo(json.dumps(document) if as_json else plan_text(document))


@main.command()
@click.argument("suite")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; default: runs/<suite>.")
@_where_options
@_json_option
def run(suite: str, as_json: bool, **where: Any) -> None:
    """Run what SUITE (a name or a .toml file) still lacks; print its tables, write its report."""
    _calm()
    from w2s_bench.display import progress
    from w2s_bench.line import Where, run_suite
    from w2s_bench.report.tables import as_json as table_json
    from w2s_bench.report.tables import as_text

    with progress() as display:
        done = run_suite(suite, Where(**where), display.on_plan, display.on_done)
    if as_json:
        head = {
            "fits_run": done.tally.run,
            "fits_finished": done.tally.finished,
            "seconds": round(done.seconds, 2),
            "folder": str(done.folder),
        }
        click.echo(json.dumps(head | table_json(done.rows, done.run.info), allow_nan=False))
        return
    click.echo(as_text(done.rows, _width()))
    click.echo(f"{done.tally.run} fits run, {done.tally.finished} finished before, {done.seconds:.0f} s")
    click.echo(f"report: {done.folder}  (table.txt, table.md, table.csv, figures/, entries/)")


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

    run, rows = write_report(folder)
    if as_json or form == "json":
        click.echo(json.dumps(tables.as_json(rows, run.info), allow_nan=False))
    elif form == "text":
        click.echo(tables.as_text(rows, _width()))
    else:
        click.echo({"csv": tables.as_csv, "markdown": tables.as_markdown}[form](rows), nl=False)


@main.command("list")
@click.argument("what", type=click.Choice(KINDS))
@_json_option
def list_(what: str, as_json: bool) -> None:
    """List tasks, methods, models or suites; imports none of them."""
    from w2s_bench.registry import items, suites

    found = suites() if what == "suites" else items(what[:-1])  # type: ignore[arg-type]
    if as_json:
        rows = [{"name": i.name, "summary": i.summary, "error": i.error} for i in found.values()]
        click.echo(json.dumps({what: rows}))
        return
    width = max(map(len, found), default=0)
    for item in found.values():
        click.echo(f"{item.name:<{width}}  {'BROKEN: ' + item.error if item.error else item.summary}")


@main.command()
@click.argument("name")
@_json_option
def show(name: str, as_json: bool) -> None:
    """Describe a task, method, model or suite by NAME."""
    from w2s_bench.views import describe, describe_text

    document = describe(name)
    click.echo(json.dumps(document, default=asdict) if as_json else describe_text(document))


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


def _width() -> int | None:
    """The terminal's width; as wide as needed where there is no terminal."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
