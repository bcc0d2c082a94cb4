"""The verb ``tune``: search for good options of methods."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.options import PATH, json_option, place_options
from w2s_bench.cli.output import print_document, quiet_libraries
from w2s_bench.run.settings import RunSettings


@click.command()
@click.argument("methods", metavar="METHOD...", nargs=-1, required=True)
@click.option(
    "--suite",
    default="tuning",
    show_default=True,
    help="Suite whose development tasks the search trains on: a name or a .toml file.",
)
@click.option(
    "--trials", type=click.IntRange(min=1), default=12, show_default=True, help="Trials for each method."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the sampler.")
@click.option(
    "--out", type=PATH, metavar="DIR", help="Folder for the METHOD.json files.  [default: runs/tune]"
)
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
    """Search for good options of methods.

    METHOD is a name, path/to/mine.py:Mine, or all. The search never sees gold labels. A trial's score is the
    student's agreement with a second weak teacher, a bag of words, on validation items of the suite's
    development tasks. No default is changed: every trial and the best options are written to --out.
    """
    quiet_libraries()
    from w2s_bench.cli.progress import progress
    from w2s_bench.tuning.search import Budget
    from w2s_bench.tuning.text import tuned_text
    from w2s_bench.tuning.tune_methods import tune_methods

    budget = Budget(trials=trials, seed=seed)
    with progress() as display:
        report = (display.on_plan, display.on_done)
        tuned = tune_methods(methods, suite, RunSettings(**settings), budget, out, *report)
    document = {"tuned": [asdict(search) for search in tuned]}
    print_document(document, as_json, lambda _: "\n\n".join(map(tuned_text, tuned)))
