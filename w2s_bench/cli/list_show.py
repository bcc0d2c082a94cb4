"""The verbs ``list`` and ``show``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.options import hub_option, json_option
from w2s_bench.cli.output import print_document, quiet_libraries

KINDS = ("tasks", "methods", "models", "suites")


@click.command("list")
@click.argument("what", type=click.Choice(KINDS))
@json_option
def list_(what: str, as_json: bool) -> None:
    """List all tasks, methods, models or suites.

    Those of plug-ins are listed too. Nothing is imported, so a broken plug-in is listed with its error.
    """
    from w2s_bench.registry.items import items, method_kind, suites

    known = suites() if what == "suites" else items(what[:-1])  # type: ignore[arg-type]
    rows = [{"name": i.name, "summary": i.summary, "error": i.error} for i in known.values()]
    if what == "methods":
        rows = [row | {"kind": method_kind(str(row["summary"]))} for row in rows]
    print_document({what: rows}, as_json, lambda _: _lines(rows))


def _lines(rows: list[dict[str, Any]]) -> str:
    width = max((len(row["name"]) for row in rows), default=0)
    summaries = (f"BROKEN: {row['error']}" if row["error"] else row["summary"] for row in rows)
    return "\n".join(f"{row['name']:<{width}}  {text}" for row, text in zip(rows, summaries, strict=True))


@click.command()
@click.argument("name")
@hub_option
@json_option
def show(name: str, hub: Path | None, as_json: bool) -> None:
    """Describe a task, method, model or suite.

    NAME is a name that list shows, or path/to/file.py:NAME. Of a task it shows the card, the source, how many
    rows can be used, the balance of the labels and three examples. It downloads nothing: rows come from
    --hub, from this machine's cache of the hub, or from the package.
    """
    quiet_libraries()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from w2s_bench.cli.describe import describe, describe_text

    print_document(describe(name, hub), as_json, describe_text)
