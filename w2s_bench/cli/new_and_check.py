"""Verbs for what is a user's own: ``new`` writes a start, ``check`` says what is wrong."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.options import calm, json_option


@click.group()
def new() -> None:
    """Write a starting file of one's own."""


@new.command("method")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="Folder; default: this one.")
def new_method_(name: str, out: Path) -> None:
    """Write NAME.py, a method that works, and test_NAME.py; overwrites nothing."""
    from w2s_bench.scaffold.method import named, new_method

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
    from w2s_bench.scaffold.task import named, new_task

    paths = new_task(name, domain, form, out)
    for path in paths:
        click.echo(path)
    click.echo(f"check it:  w2s-bench check task {named(paths[0])}", err=True)
    click.echo(f'run it:    tasks = ["{named(paths[0])}"] in a grid of a suite', err=True)


@click.group()
def check() -> None:
    """Check something of one's own against its contract."""


@check.command("method")
@click.argument("name")
@json_option
def check_method_(name: str, as_json: bool) -> None:
    """Run the contract checks on a method (a name, or path/to/mine.py:Mine) with toy data in three domains.

    Exit status 2 where something is wrong.
    """
    calm()
    from w2s_bench.scaffold.method import check_method

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
@json_option
def check_intervals(runs: int, items: tuple[int, ...], as_json: bool) -> None:
    """Simulate experiments with a known truth: how often do nominal 95% intervals hold it?"""
    from w2s_bench.benchmarks.coverage import ITEMS, as_markdown, designs, measure

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
@json_option
def check_task_(name: str, hub: Path | None, tokenizers: tuple[str, ...], as_json: bool) -> None:
    """Audit a task (a name, path/to/mine.toml or path/to/mine.py:TASK): copies, leaks, balance, shortcuts,
    truncation, personal data.

    Exit status 2 where something fails that its card does not know.
    """
    calm()
    from w2s_bench.audit.audit import audit_task, audit_text

    audit = audit_task(name, hub, tokenizers)
    click.echo(json.dumps(audit.describe()) if as_json else audit_text(audit))
    if audit.failures:
        told = ", ".join(dict.fromkeys(f.check for f in audit.failures))
        click.echo(f"w2s-bench: {name} fails in {told}: mend it, or say in its card why not", err=True)
        sys.exit(2)
