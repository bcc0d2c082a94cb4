"""The verbs ``new method`` and ``new task``: starting files for authors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.options import PATH

_out_option = click.option(
    "--out", type=PATH, metavar="DIR", default=Path(), help="Folder to write to.  [default: this one]"
)


@click.group()
def new() -> None:
    """Write the first files of a method or task of your own."""


@new.command("method")
@click.argument("name")
@_out_option
def new_method_(name: str, out: Path) -> None:
    """Write NAME.py, a method that already runs, and test_NAME.py. Overwrites nothing."""
    from w2s_bench.scaffold.method import named, new_method

    paths = new_method(name, out)
    _print_next(paths, "method", named(paths[0]), f"w2s-bench run quick --method {named(paths[0])}")


@new.command("task")
@click.argument("name")
@click.option("--domain", type=click.Choice(["nlp", "chess", "reward"]), default="nlp", show_default=True)
@click.option("--form", type=click.Choice(["toml", "python"]), default="toml", show_default=True)
@_out_option
def new_task_(name: str, domain: Any, form: Any, out: Path) -> None:
    """Write a task that already runs (NAME.toml or NAME.py), rows for it, and test_NAME.py.

    Overwrites nothing.
    """
    from w2s_bench.scaffold.task import named, new_task

    paths = new_task(name, domain, form, out)
    _print_next(paths, "task", named(paths[0]), f'tasks = ["{named(paths[0])}"] in a grid of a suite')


def _print_next(paths: list[Path], kind: str, name: str, use: str) -> None:
    """Print the paths, and the next commands on standard error."""
    for path in paths:
        click.echo(path)
    click.echo(f"check it:  w2s-bench check {kind} {name}", err=True)
    click.echo(f"run it:    {use}", err=True)
