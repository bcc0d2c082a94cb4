"""The verbs of bundles and leaderboards."""

from __future__ import annotations

import json
from pathlib import Path

import click

from w2s_bench.cli.options import calm, json_option, width


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
    from w2s_bench.submission.bundle import submit as submitted
    from w2s_bench.tuning.record import stated_trials

    found = submitted(folder, methods, out, stated_trials(tuning))
    if as_json:
        told = [{"method": s.method, "path": str(s.path), "bytes": s.size} for s in found]
        click.echo(json.dumps({"bundles": told}))
        return
    for one in found:
        click.echo(one.path)
    click.echo("verify them:  w2s-bench board verify BUNDLE", err=True)


@click.group()
def board() -> None:
    """Leaderboards: verify what was submitted, keep it, show it."""


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
    from w2s_bench.leaderboard.commands import document, text, verify_bundle

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
    from w2s_bench.leaderboard.commands import seal

    made = seal(suite, out, hub, store)
    click.echo(f"{out}: {len(made.cells)} cells, {len(made.tests)} test sets")


BOARDS = Path("leaderboards")
_root_option = click.option(
    "--board", "root", type=click.Path(path_type=Path), default=BOARDS, show_default=True, help="All boards."
)


@board.command("add")
@click.argument("bundle", type=click.Path(path_type=Path))
@_root_option
@click.option("--store", type=click.Path(path_type=Path), help="Finished jobs that may hold its splits.")
@_hub_option
@click.option("--gold", type=click.Path(path_type=Path), help="Keys and gold to begin a board with.")
@json_option
def board_add(
    bundle: Path, root: Path, store: Path | None, hub: Path | None, gold: Path | None, as_json: bool
) -> None:
    """Verify BUNDLE and put it on the board of its suite, as a claimed entry."""
    calm()
    from w2s_bench.leaderboard.board import add

    path, entry = add(bundle, root, hub, store, gold)
    if as_json:
        click.echo(json.dumps({"entry": str(path), "method": entry.method, "tier": "claimed"}))
    else:
        click.echo(path)


@board.command("rerun")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--method", metavar="FILE.py:Name", help="Code of a method that is its author's own.")
@click.option("--cells", "count", type=click.IntRange(1), default=2, show_default=True)
@click.option("--review-seed", type=click.IntRange(0), help="Chooses cells and fresh items; default: random.")
@click.option("--out", type=click.Path(path_type=Path), help="Record to write; default: beside the bundle.")
@_hub_option
@click.option("--newer", type=click.Path(path_type=Path), help="A mirror whose data sets have grown since.")
@click.option("--gold", type=click.Path(path_type=Path), help="Keys and gold of the bundle's suite.")
@click.option("--no-sandbox", is_flag=True, help="With network and all rights: for code that you trust.")
@json_option
def board_rerun(
    bundle: Path,
    method: str | None,
    count: int,
    review_seed: int | None,
    out: Path | None,
    hub: Path | None,
    newer: Path | None,
    gold: Path | None,
    no_sandbox: bool,
    as_json: bool,
) -> None:
    """Make random cells of BUNDLE again, without network, and compare. Exit status 1 where they differ."""
    calm()
    from w2s_bench.leaderboard.commands import rerun_bundle
    from w2s_bench.leaderboard.entry_file import dump

    record, path = rerun_bundle(bundle, method, count, review_seed, out, (hub, newer, gold), not no_sandbox)
    if as_json:
        click.echo(json.dumps(json.loads(dump(record))))
    else:
        for cell in record.cells:
            there = f"{100 * cell.expected:.1f} expected of that, " if cell.expected is not None else ""
            apart = f"{100 * cell.recorded:.1f} recorded, {there}{100 * cell.again:.1f} again"
            click.echo(f"{cell.cell}: {apart}, at most {100 * cell.spread:.1f} apart")
        click.echo(f"{record.verdict}; review seed {record.review_seed}; {path}")
    if record.verdict != "reproduced":
        raise SystemExit(1)


@board.command("check")
@_root_option
def board_check(root: Path) -> None:
    """Score every bundle of all boards again and compare it with its entry."""
    calm()
    from w2s_bench.leaderboard.board import check, folders

    for folder in folders(root):
        click.echo(f"{folder.name}: {len(check(folder))} entries hold")


@board.command("changes")
@click.argument("before", type=click.Path(path_type=Path))
@_root_option
def board_changes(before: Path, root: Path) -> None:
    """What boards have that those of BEFORE have not, as Markdown; nothing may be edited or removed."""
    from w2s_bench.leaderboard.diff import changes

    click.echo(changes(before, root), nl=False)


@board.command("build")
@_root_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the site.")
def board_build(root: Path, out: Path) -> None:
    """Write the static site of all boards."""
    from w2s_bench.leaderboard.site_builder import build_site

    built = build_site(root, out)
    click.echo(
        f"{out}: {built.boards} boards, {built.pages} pages; open index.html, or w2s-bench board serve {out}"
    )


@board.command("serve")
@click.argument("site", type=click.Path(path_type=Path))
@click.option("--port", type=int, default=8000, show_default=True, help="0 takes a free one.")
def board_serve(site: Path, port: int) -> None:
    """Show a built SITE on this machine alone, until Ctrl-C."""
    from w2s_bench.leaderboard.site_builder import server

    with server(site, port) as running:
        click.echo(f"http://127.0.0.1:{running.server_address[1]}/  (Ctrl-C ends it)")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            click.echo("", err=True)


@board.command("publish")
@click.argument("site", type=click.Path(path_type=Path))
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Copy it to a folder.")
@click.option("--branch", help="Commit it to a branch of this repository; nothing is pushed.")
@click.option("--hub", "repository", metavar="OWNER/NAME", help="Send it to the hub: data set and Space.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
def board_publish(
    site: Path, folder: Path | None, branch: str | None, repository: str | None, dry_run: bool
) -> None:
    """Put a built SITE where others see it: a folder, a branch, or the Hugging Face hub."""
    from w2s_bench.leaderboard.publish import sendings, to_branch, to_folder, to_hub

    if sum(x is not None for x in (folder, branch, repository)) != 1:
        raise click.UsageError("give one of --to, --branch and --hub")
    if folder is not None:
        sent = [sendings(site, str(folder)) if dry_run else to_folder(site, folder)]
    elif branch is not None:
        sent = [to_branch(site, branch, Path.cwd(), dry_run)]
    else:
        sent = to_hub(site, str(repository), dry_run)
    for one in sent:
        would = "would send" if dry_run else "sent"
        click.echo(f"{would} {len(one.files)} files ({one.size / 1e6:.1f} MB) to {one.target}")
        if dry_run:
            click.echo("\n".join(f"  {name}" for name in one.files))
