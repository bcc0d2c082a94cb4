"""The verbs ``check method``, ``check task`` and ``check intervals``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from w2s_bench.cli.options import hub_option, json_option, repeatable
from w2s_bench.cli.output import print_document, quiet_libraries

if TYPE_CHECKING:
    from w2s_bench.scaffold.method import Finding


@click.group()
def check() -> None:
    """Check a method or a task, or the statistics themselves."""


@check.command("method")
@click.argument("name")
@json_option
def check_method_(name: str, as_json: bool) -> None:
    """Run the contract checks on a method.

    NAME is a name or path/to/mine.py:Mine. The data are toys of all three domains. Exit status 2 if a
    check fails.
    """
    quiet_libraries()
    from w2s_bench.scaffold.method import check_method

    findings = []
    for finding in check_method(name):
        findings.append(finding)
        if not as_json:
            click.echo(_line(finding))
    if as_json:
        print_document({"method": name, "checks": [asdict(f) for f in findings]}, as_json, str)
    if wrong := sum(f.wrong is not None for f in findings):
        click.echo(f"w2s-bench: {wrong} of {len(findings)} checks failed for {name}", err=True)
        sys.exit(2)


def _line(finding: Finding) -> str:
    if finding.wrong is None:
        return f"ok     {finding.check}"
    return f"WRONG  {finding.check}\n       {finding.wrong}"


@check.command("task")
@click.argument("name")
@hub_option
@repeatable("--tokenizer", "tokenizers", "NAME", "Also count truncated examples with this tokenizer.")
@json_option
def check_task_(name: str, hub: Path | None, tokenizers: tuple[str, ...], as_json: bool) -> None:
    """Audit the data of a task.

    NAME is a name, path/to/mine.toml or path/to/mine.py:TASK. Looks for duplicates, leaks between splits,
    unbalanced labels, shortcuts, truncation and personal data. Exit status 2 if a check fails and the task's
    card gives no reason.
    """
    quiet_libraries()
    from w2s_bench.audit.audit import audit_task, audit_text

    audit = audit_task(name, hub, tokenizers)
    print_document(audit.describe() if as_json else None, as_json, lambda _: audit_text(audit))
    if audit.failures:
        checks = ", ".join(dict.fromkeys(f.check for f in audit.failures))
        mend = "correct the task, or give the reason in its card"
        click.echo(f"w2s-bench: {name} fails in {checks}: {mend}", err=True)
        sys.exit(2)


@check.command("intervals")
@click.option(
    "--runs", type=click.IntRange(min=10), default=400, show_default=True, help="Simulated runs per design."
)
@click.option(
    "--items",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="N",
    help="Test items of a design; without it 200, 1000 and 5000. Repeatable.",
)
@json_option
def check_intervals(runs: int, items: tuple[int, ...], as_json: bool) -> None:
    """Measure the coverage of 95% intervals by simulation."""
    from w2s_bench.benchmarks.coverage import ITEMS, as_markdown, designs, measure

    measured = [measure(design, runs) for design in designs(items or ITEMS)]
    document = {"coverage": [asdict(m) for m in measured]}
    print_document(document, as_json, lambda _: as_markdown(measured), newline=False)
