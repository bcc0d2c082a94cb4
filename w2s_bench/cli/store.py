"""The verbs of a store: what it holds, whether it is whole, what can go."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.options import Address, calm, json_option

_store_option = click.option(
    "--store", "root", type=Address(), envvar="W2S_STORE", help="Default: as for run."
)


@click.group()
def store() -> None:
    """Finished jobs: list them, verify them, prune them."""


def _open(root: Path | str | None) -> Any:
    from w2s_bench.run.settings import store_folder
    from w2s_bench.store.local import Store

    return Store(store_folder(root))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


@store.command("list")
@_store_option
@json_option
def store_list(root: Path | str | None, as_json: bool) -> None:
    """Artifacts by kind: how many, how large, how old; and drafts that nobody finishes any more."""
    from w2s_bench.store.maintenance import kept, strays

    place = _open(root)
    found, left = list(kept(place)), list(strays(place))
    kinds = defaultdict(list)
    for one in found:
        kinds[one.kind].append(one)
    rows = [
        {
            "kind": kind,
            "artifacts": len(those),
            "bytes": sum(o.size for o in those),
            "oldest_days": round(max(o.days for o in those), 1),
        }
        for kind, those in kinds.items()
    ]
    if as_json:
        told = {"artifacts": len(left), "bytes": sum(s.size for s in left)}
        click.echo(json.dumps({"store": str(place.root), "kinds": rows, "strays": told}))
        return
    click.echo(place.root)
    for row in rows:
        size = _megabytes(int(str(row["bytes"])))
        click.echo(f"{row['kind']:<10}{row['artifacts']:>8}{size:>14}   oldest {row['oldest_days']} days")
    click.echo(f"{'all':<10}{len(found):>8}{_megabytes(sum(o.size for o in found)):>14}")
    if left:
        size = _megabytes(sum(s.size for s in left))
        click.echo(f"{len(left)} drafts of killed processes, {size}: w2s-bench store prune --strays")


@store.command("verify")
@_store_option
@click.option("--delete", is_flag=True, help="Delete what is damaged: the next run makes it again.")
@json_option
def store_verify(root: Path | str | None, delete: bool, as_json: bool) -> None:
    """Compare every file with its checksum. Exit status 1 where something is damaged and stays."""
    from w2s_bench.store.maintenance import damage, kept, remove

    found = list(kept(_open(root)))
    damaged = [(one, what) for one in found if (what := damage(one)) is not None]
    if delete:
        for one, _ in damaged:
            remove(one.folder)
    if as_json:
        told = [{"kind": o.kind, "key": o.key, "what": what} for o, what in damaged]
        click.echo(json.dumps({"artifacts": len(found), "damaged": told, "deleted": delete}))
    else:
        for one, what in damaged:
            click.echo(f"{'deleted ' if delete else ''}{one.kind} {one.key}: {what}")
        click.echo(f"{len(found) - len(damaged)} of {len(found)} artifacts are whole")
    if damaged and not delete:
        raise SystemExit(1)


@store.command("prune")
@_store_option
@click.option("--older", type=click.FloatRange(min=0), metavar="DAYS", help="Written so many days ago.")
@click.option(
    "--suite",
    "suites",
    multiple=True,
    help="Jobs that this suite alone has asked for. Repeatable.",
)
@click.option("--keep", multiple=True, metavar="SUITE", help="Never a job of this suite. Repeatable.")
@click.option("--strays", "drafts", is_flag=True, help="Drafts of killed processes, nothing else.")
@click.option("--hub", type=click.Path(path_type=Path), envvar="W2S_HUB", help="Mirror of the hub.")
@click.option("--yes", is_flag=True, help="Delete; without it what would go is told.")
def store_prune(
    root: Path | str | None,
    older: float | None,
    suites: tuple[str, ...],
    keep: tuple[str, ...],
    drafts: bool,
    hub: Path | None,
    yes: bool,
) -> None:
    """Delete artifacts by age or suite. What goes is made again when a run wants it.

    Jobs that other suites have asked this store for as well stay; --keep names suites that ran elsewhere.
    """
    calm()
    from w2s_bench.store.maintenance import chosen, forget_suite, kept, remove, strays

    if older is None and not suites and not drafts:
        raise click.UsageError("say what may go: --older, --suite or --strays")
    if drafts and (older is not None or suites or keep):
        raise click.UsageError("--strays goes alone: drafts belong to no suite, and their age is known")
    place = _open(root)
    if drafts:
        gone = [(s.folder, s.size) for s in strays(place)]
    else:
        keys, others = _asked(place, suites, hub) if suites else (None, set())
        gone = [(o.folder, o.size) for o in chosen(list(kept(place)), older, keys, others | _keys(keep, hub))]
    if yes:
        for folder, _ in gone:
            remove(folder)
        for name in _names(suites) if older is None else ():
            forget_suite(place, name)
    size = _megabytes(sum(size for _, size in gone))
    told = "deleted" if yes else "would delete"
    click.echo(f"{told} {len(gone)} artifacts, {size}" + ("" if yes else "; --yes deletes them"))


def _asked(place: Any, suites: tuple[str, ...], hub: Path | None) -> tuple[set[str], set[str]]:
    """Keys of what some suites ask for, now or in earlier runs, and of what others have asked for."""
    from w2s_bench.store.maintenance import noted_suites

    noted, names = noted_suites(place), _names(suites)
    theirs = [keys for name, keys in noted.items() if name not in names]
    mine = [noted.get(name, set()) for name in names]
    return _keys(suites, hub).union(*mine), set().union(*theirs)


def _names(suites: tuple[str, ...]) -> list[str]:
    """Suites by the names that they give themselves."""
    from w2s_bench.suite import load_suite

    return [load_suite(name)[0].name for name in suites]


def _keys(suites: tuple[str, ...], hub: Path | None) -> set[str]:
    """Keys of all jobs of some suites, every registered method included."""
    from w2s_bench.plan.extra_methods import ALL, with_methods
    from w2s_bench.plan.plan import make_plan
    from w2s_bench.suite import load_suite

    return {key for name in suites for key in make_plan(with_methods(load_suite(name)[0], [ALL]), hub).jobs}
