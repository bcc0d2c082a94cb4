"""The verbs of bundles and leaderboards."""

from __future__ import annotations

import json
from pathlib import Path

import click

from w2s_bench.verbs.options import calm, json_option, width


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--method", "methods", multiple=True, metavar="NAME", help="As tables call it; default: all. Repeatable."
)
@click.option("--out", type=click.Path(path_type=Path), help="File, of one method; default: DIR/bundles.")
@click.option("--tuning", metavar="N", help="Trials that chose its options, or METHOD.json of tune.")
@json_option
def submit(
    folder: Path, methods: tuple[str, ...], out: Path | None, tuning: str | None, as_json: bool
) -> None:
    """Write the bundles of a run's DIR, one a method: what a leaderboard scores again."""
    from w2s_bench.board.bundle import submit as submitted
    from w2s_bench.board.verb import trials

    found = submitted(folder, methods, out, trials(tuning))
    if as_json:
        told = [{"method": s.method, "path": str(s.path), "bytes": s.size} for s in found]
        click.echo(json.dumps({"bundles": told}))
        return
    for one in found:
        click.echo(one.path)
    click.echo("verify them:  w2s-bench board verify BUNDLE", err=True)


@click.group()
def board() -> None:
    """Leaderboards: verify what was submitted."""


_hub_option = click.option(
    "--hub", type=click.Path(path_type=Path), envvar="W2S_HUB", help="Root of a local mirror of the hub."
)


@board.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--store", type=click.Path(path_type=Path), help="Finished jobs: splits, and fits to compare.")
@_hub_option
@click.option("--gold", type=click.Path(path_type=Path), help="Keys and gold that board gold wrote.")
@json_option
def board_verify(
    bundle: Path, store: Path | None, hub: Path | None, gold: Path | None, as_json: bool
) -> None:
    """Score BUNDLE again from its predictions; runs nothing that is in it. Exit status 2 where it does not
    hold."""
    calm()
    from w2s_bench.board.verb import document, text, verify_bundle

    done, compared = verify_bundle(bundle, hub, store, gold)
    if as_json:
        click.echo(json.dumps(document(done, compared), allow_nan=False))
    else:
        click.echo(text(done, compared, width()))


@board.command("gold")
@click.argument("suite")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option("--store", type=click.Path(path_type=Path), help="Finished jobs that may hold its splits.")
@_hub_option
def board_gold(suite: str, out: Path, store: Path | None, hub: Path | None) -> None:
    """Write down what bundles of SUITE are judged by: the keys of its plan and the gold of its tests."""
    calm()
    from w2s_bench.board.verb import seal

    made = seal(suite, out, hub, store)
    click.echo(f"{out}: {len(made.cells)} cells, {len(made.tests)} test sets")
