"""The verbs of the zoo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.options import calm, json_option


@click.group()
def zoo() -> None:
    """The pretrained models: list them, build them again from nothing, draw their losses."""


@zoo.command("list")
@json_option
def zoo_list(as_json: bool) -> None:
    """Families, members, parameters, and whether they are shipped."""
    calm()
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
@json_option
def zoo_build(family: str, members: tuple[str, ...], scale: float, as_json: bool, **where: Any) -> None:
    """Train FAMILY (text or chess), or the named members of it, as they ship; goes on where it stopped."""
    calm()
    from w2s_bench.zoo.build import build
    from w2s_bench.zoo.listing import built_text
    from w2s_bench.zoo.paths import Places

    built = [b.describe() for b in build(family, members, Places(**where), scale)]
    click.echo(json.dumps({"members": built}) if as_json else built_text(built))


@zoo.command("figure")
@click.argument("out", type=click.Path(path_type=Path))
def zoo_figure(out: Path) -> None:
    """Draw the losses of the shipped members to OUT, as PNG and as SVG."""
    from w2s_bench.zoo.scaling import draw

    for path in draw(out):
        click.echo(path)
