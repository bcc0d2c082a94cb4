"""The verbs ``zoo list``, ``zoo build`` and ``zoo figure``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.options import PATH, hub_option, json_option
from w2s_bench.cli.output import print_document, quiet_libraries


@click.group()
def zoo() -> None:
    """List or rebuild the pretrained models that ship."""


@zoo.command("list")
@json_option
def zoo_list(as_json: bool) -> None:
    """List the families of pretrained models and their members."""
    quiet_libraries()
    from w2s_bench.benchmarks.zoo.listing import zoo_document, zoo_text

    print_document(zoo_document(), as_json, zoo_text)


@zoo.command("build")
@click.argument("family")
@click.argument("members", metavar="[MEMBER]...", nargs=-1)
@click.option(
    "--out", type=PATH, required=True, metavar="DIR", help="Folder in which FAMILY/MEMBER is written."
)
@hub_option
@click.option("--corpora", type=PATH, metavar="DIR", help="Folder of engine matches, for chess.")
@click.option("--games", type=PATH, metavar="DIR", help="Folder of self-play games; missing ones are played.")
@click.option(
    "--engine", default="stockfish", show_default=True, metavar="COMMAND", help="Stockfish, to play games."
)
@click.option(
    "--scale",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    metavar="SHARE",
    help="Part of the training, for a trial run.",
)
@json_option
def zoo_build(family: str, members: tuple[str, ...], scale: float, as_json: bool, **where: Any) -> None:
    """Train the models of FAMILY again, as they ship.

    FAMILY is text or chess; with MEMBER only these. A stopped build resumes.
    """
    quiet_libraries()
    from w2s_bench.benchmarks.zoo.build import build
    from w2s_bench.benchmarks.zoo.listing import built_text
    from w2s_bench.benchmarks.zoo.paths import Places

    built = [member.describe() for member in build(family, members, Places(**where), scale)]
    print_document({"members": built}, as_json, lambda _: built_text(built))


@zoo.command("figure")
@click.argument("out", type=PATH)
def zoo_figure(out: Path) -> None:
    """Draw the losses of the shipped members to OUT, as PNG and as SVG."""
    from w2s_bench.benchmarks.zoo.scaling import draw

    for path in draw(out):
        click.echo(path)
