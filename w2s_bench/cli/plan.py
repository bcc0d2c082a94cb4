"""The verb ``plan``: the jobs of a suite, without running them."""

from __future__ import annotations

from typing import Any

import click

from w2s_bench.cli.options import json_option, method_option, place_options
from w2s_bench.cli.output import print_document, quiet_libraries
from w2s_bench.run.settings import RunSettings


@click.command()
@click.argument("suite")
@place_options
@method_option
@json_option
def plan(suite: str, as_json: bool, methods: tuple[str, ...], **settings: Any) -> None:
    """List the jobs of a suite; run nothing.

    SUITE is a name or a .toml file. Shows which jobs are finished, which are shared by several cells of the
    table, and about how long the rest will take.
    """
    quiet_libraries()
    from w2s_bench.api import plan_suite
    from w2s_bench.cli.describe import plan_document, plan_text
    from w2s_bench.plan.cost import estimate
    from w2s_bench.store.remote import store_at

    _, _, jobs, resolved = plan_suite(suite, RunSettings(**settings), methods)
    store = store_at(resolved.store_place)
    missing = jobs.to_run(store)
    seconds = estimate(jobs, missing, store, resolved.device, resolved.slots())
    print_document(plan_document(jobs, missing, store, seconds), as_json, plan_text)
