"""The verbs ``store list``, ``store verify`` and ``store prune``."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.options import hub_option, json_option, repeatable, store_option
from w2s_bench.cli.output import megabytes, plural, print_document, quiet_libraries
from w2s_bench.run.settings import store_folder
from w2s_bench.store import maintenance
from w2s_bench.store.local import Store


@click.group()
def store() -> None:
    """Finished jobs: list them, verify them, delete them."""


@store.command("list")
@store_option
@json_option
def store_list(store: Path | str | None, as_json: bool) -> None:
    """Count artifacts by kind, with size and age."""
    place = Store(store_folder(store))
    drafts = list(maintenance.abandoned_drafts(place))
    document = {
        "store": str(place.root),
        "kinds": _kinds(place),
        "strays": {"artifacts": len(drafts), "bytes": sum(draft.size for draft in drafts)},
    }
    print_document(document, as_json, _list_text)


def _kinds(place: Store) -> list[dict[str, Any]]:
    by_kind = defaultdict(list)
    for artifact in maintenance.artifacts(place):
        by_kind[artifact.kind].append(artifact)
    return [
        {
            "kind": kind,
            "artifacts": len(artifacts),
            "bytes": sum(a.size for a in artifacts),
            "oldest_days": round(max(a.days for a in artifacts), 1),
        }
        for kind, artifacts in by_kind.items()
    ]


def _list_text(document: dict[str, Any]) -> str:
    kinds, drafts = document["kinds"], document["strays"]
    count, size = (sum(kind[field] for kind in kinds) for field in ("artifacts", "bytes"))
    lines = [
        f"{k['kind']:<10}{k['artifacts']:>8}{megabytes(k['bytes']):>14}   oldest {k['oldest_days']} days"
        for k in kinds
    ]
    lines = [document["store"], *lines, f"{'all':<10}{count:>8}{megabytes(size):>14}"]
    if drafts["artifacts"]:
        abandoned = f"{plural(drafts['artifacts'], 'draft')} of killed processes"
        lines.append(f"{abandoned}, {megabytes(drafts['bytes'])}: w2s-bench store prune --strays")
    return "\n".join(lines)


@store.command("verify")
@store_option
@click.option("--delete", is_flag=True, help="Delete damaged artifacts; the next run makes them again.")
@json_option
def store_verify(store: Path | str | None, delete: bool, as_json: bool) -> None:
    """Compare every file of the store with its checksum.

    Exit status 1 if something is damaged and was not deleted.
    """
    artifacts = list(maintenance.artifacts(Store(store_folder(store))))
    damaged = [(a, what) for a in artifacts if (what := maintenance.damage(a)) is not None]
    if delete:
        for artifact, _ in damaged:
            maintenance.remove(artifact.path)
    document = {
        "artifacts": len(artifacts),
        "damaged": [{"kind": a.kind, "key": a.key, "what": what} for a, what in damaged],
        "deleted": delete,
    }
    print_document(document, as_json, _verify_text)
    if damaged and not delete:
        sys.exit(1)


def _verify_text(document: dict[str, Any]) -> str:
    deleted, count = "deleted " if document["deleted"] else "", document["artifacts"]
    lines = [f"{deleted}{d['kind']} {d['key']}: {d['what']}" for d in document["damaged"]]
    return "\n".join([*lines, f"{count - len(lines)} of {plural(count, 'artifact')} are undamaged"])


@store.command("prune")
@store_option
@click.option("--older", type=click.FloatRange(min=0), metavar="DAYS", help="Artifacts older than DAYS.")
@repeatable("--suite", "suites", "SUITE", "Jobs that only this suite needs.")
@repeatable("--keep", "keep", "SUITE", "Never a job of this suite.")
@click.option("--strays", "drafts", is_flag=True, help="Unfinished drafts of killed processes, alone.")
@hub_option
@click.option("--yes", is_flag=True, help="Delete; without it, say what would be deleted.")
def store_prune(
    store: Path | str | None,
    older: float | None,
    suites: tuple[str, ...],
    keep: tuple[str, ...],
    drafts: bool,
    hub: Path | None,
    yes: bool,
) -> None:
    """Delete artifacts by age or suite.

    A later run that needs them makes them again. Jobs that other suites have asked this store for are not
    deleted. --keep names suites that ran elsewhere.
    """
    quiet_libraries()
    if older is None and not suites and not drafts:
        raise click.UsageError("nothing is chosen: give --older, --suite or --strays")
    if drafts and (older is not None or suites or keep):
        raise click.UsageError("--strays cannot be combined: drafts belong to no suite and have no age limit")
    place = Store(store_folder(store))
    doomed: list[maintenance.StoredArtifact] | list[maintenance.AbandonedDraft]
    if drafts:
        doomed = list(maintenance.abandoned_drafts(place))
    else:
        keys, others = _keys_in(place, suites, hub) if suites else (None, set())
        doomed = maintenance.to_prune(maintenance.artifacts(place), older, keys, others | _keys(keep, hub))
    count = f"{plural(len(doomed), 'artifact')}, {megabytes(sum(entry.size for entry in doomed))}"
    if not yes:
        click.echo(f"would delete {count}; add --yes to delete")
        return
    for entry in doomed:
        maintenance.remove(entry.path)
    for name in _names(suites) if older is None else ():
        maintenance.forget_suite(place, name)
    click.echo(f"deleted {count}")


def _keys_in(place: Store, suites: tuple[str, ...], hub: Path | None) -> tuple[set[str], set[str]]:
    """Keys that some suites need, now or in earlier runs, and keys that other suites needed."""
    noted, names = maintenance.noted_suites(place), _names(suites)
    others = [keys for name, keys in noted.items() if name not in names]
    own = [noted.get(name, set()) for name in names]
    return _keys(suites, hub).union(*own), set().union(*others)


def _names(suites: tuple[str, ...]) -> list[str]:
    """The ``name`` fields of suites, which may be given as files."""
    from w2s_bench.suite import load_suite

    return [load_suite(name)[0].name for name in suites]


def _keys(suites: tuple[str, ...], hub: Path | None) -> set[str]:
    """Keys of all jobs of some suites, with every registered method."""
    from w2s_bench.plan.extra_methods import ALL, with_methods
    from w2s_bench.plan.plan import make_plan
    from w2s_bench.suite import load_suite

    return {key for name in suites for key in make_plan(with_methods(load_suite(name)[0], [ALL]), hub).jobs}
