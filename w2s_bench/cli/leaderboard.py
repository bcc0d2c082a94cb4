"""The verbs ``submit`` and ``board …``: bundles and leaderboards."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from w2s_bench.cli.options import PATH, hub_option, json_option, repeatable
from w2s_bench.cli.output import megabytes, print_document, quiet_libraries, terminal_width

if TYPE_CHECKING:
    from w2s_bench.leaderboard.entry_file import Rerun

BOARDS = Path("leaderboards")
_board_option = click.option(
    "--board", "root", type=PATH, default=BOARDS, show_default=True, help="Folder of all leaderboards."
)


def _splits_option(what: str) -> Any:
    return click.option("--store", type=PATH, help=f"Store of finished jobs, {what}.")


def _gold_option(what: str) -> Any:
    return click.option("--gold", type=PATH, metavar="DIR", help=f"What board gold wrote: {what}.")


@click.command()
@click.argument("folder", metavar="DIR", type=PATH)
@repeatable("--method", "methods", "NAME", "A method as the tables name it; without it all.")
@click.option("--out", type=PATH, help="File to write, for one method.  [default: in DIR/bundles]")
@click.option(
    "--tuning",
    metavar="N",
    help="Trials that chose the options of the method: their number, or the file that tune wrote.",
)
@json_option
def submit(
    folder: Path, methods: tuple[str, ...], out: Path | None, tuning: str | None, as_json: bool
) -> None:
    """Write the bundles of a run, for a leaderboard.

    DIR is the folder of the run. Each bundle has the predictions of one method, which a leaderboard scores
    again.
    """
    from w2s_bench.submission.bundle import submit as write_bundles
    from w2s_bench.tuning.record import stated_trials

    bundles = write_bundles(folder, methods, out, stated_trials(tuning))
    document = {"bundles": [{"method": b.method, "path": str(b.path), "bytes": b.size} for b in bundles]}
    print_document(document, as_json, lambda _: "\n".join(str(bundle.path) for bundle in bundles))
    if not as_json:
        click.echo("verify them:  w2s-bench board verify BUNDLE", err=True)


@click.group()
def board() -> None:
    """Verify and add submissions; build and publish leaderboards."""


@board.command("verify")
@click.argument("bundle", type=PATH)
@_splits_option("which may hold its splits, and fits to compare with")
@hub_option
@_gold_option("keys and gold to judge by")
@json_option
def board_verify(
    bundle: Path, store: Path | None, hub: Path | None, gold: Path | None, as_json: bool
) -> None:
    """Score BUNDLE again from its predictions. Runs no code that is in it.

    Exit status 2 if the bundle is refused.
    """
    quiet_libraries()
    from w2s_bench.leaderboard.commands import document, text, verify_bundle

    verified, compared = verify_bundle(bundle, hub, store, gold)
    print_document(
        document(verified, compared), as_json, lambda _: text(verified, compared, terminal_width())
    )


@board.command("gold")
@click.argument("suite")
@click.option("--out", type=PATH, required=True, help="Folder to write.")
@_splits_option("which may hold its splits")
@hub_option
def board_gold(suite: str, out: Path, store: Path | None, hub: Path | None) -> None:
    """Write what bundles of SUITE are judged by.

    That is the keys of its jobs and the gold of its test sets.
    """
    quiet_libraries()
    from w2s_bench.leaderboard.commands import seal

    standard = seal(suite, out, hub, store)
    click.echo(f"{out}: {len(standard.cells)} cells, {len(standard.tests)} test sets")


@board.command("add")
@click.argument("bundle", type=PATH)
@_board_option
@_splits_option("which may hold its splits")
@hub_option
@_gold_option("keys and gold to begin a leaderboard with")
@json_option
def board_add(
    bundle: Path, root: Path, store: Path | None, hub: Path | None, gold: Path | None, as_json: bool
) -> None:
    """Verify BUNDLE and add it as a claimed entry.

    It goes on the leaderboard of its suite.
    """
    quiet_libraries()
    from w2s_bench.leaderboard.board import add

    path, entry = add(bundle, root, hub, store, gold)
    document = {"entry": str(path), "method": entry.method, "tier": "claimed"}
    print_document(document, as_json, lambda _: str(path))


@board.command("rerun")
@click.argument("bundle", type=PATH)
@click.option("--method", metavar="FILE.py:Name", help="Code of a method that is not built in.")
@click.option(
    "--cells",
    "count",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    metavar="N",
    help="Cells to train again.",
)
@click.option(
    "--review-seed",
    type=click.IntRange(0),
    metavar="N",
    help="Chooses the cells and the fresh items.  [default: random]",
)
@click.option("--out", type=PATH, help="Record to write.  [default: beside the bundle]")
@hub_option
@click.option(
    "--newer", type=PATH, metavar="DIR", help="A mirror of the hub whose data sets have grown since."
)
@_gold_option("keys and gold of the bundle's suite")
@click.option("--no-sandbox", is_flag=True, help="Allow network and all rights, for code that you trust.")
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
    """Train random cells of BUNDLE again and compare.

    Runs without network. Exit status 1 if the results differ.
    """
    quiet_libraries()
    from w2s_bench.leaderboard.commands import rerun_bundle
    from w2s_bench.leaderboard.entry_file import dump

    record, path = rerun_bundle(bundle, method, count, review_seed, out, (hub, newer, gold), not no_sandbox)
    print_document(json.loads(dump(record)), as_json, lambda _: _rerun_text(record, path))
    if record.verdict != "reproduced":
        sys.exit(1)


def _rerun_text(record: Rerun, path: Path) -> str:
    lines = []
    for cell in record.cells:
        expected = f"{100 * cell.expected:.1f} expected of that, " if cell.expected is not None else ""
        accuracies = f"{100 * cell.recorded:.1f} recorded, {expected}{100 * cell.again:.1f} again"
        lines.append(f"{cell.cell}: {accuracies}, at most {100 * cell.spread:.1f} apart")
    return "\n".join([*lines, f"{record.verdict}; review seed {record.review_seed}; {path}"])


@board.command("check")
@_board_option
def board_check(root: Path) -> None:
    """Score every bundle of all leaderboards again.

    Compares each with its entry; exit status 2 at the first that differs.
    """
    quiet_libraries()
    from w2s_bench.leaderboard.board import check, folders

    for folder in folders(root):
        click.echo(f"{folder.name}: {len(check(folder))} entries hold")


@board.command("changes")
@click.argument("before", type=PATH)
@_board_option
def board_changes(before: Path, root: Path) -> None:
    """Print what was added since BEFORE, as Markdown.

    BEFORE is an older copy of the folder of leaderboards. Exit status 2 if an entry was edited or removed.
    """
    from w2s_bench.leaderboard.diff import changes

    click.echo(changes(before, root), nl=False)


@board.command("build")
@_board_option
@click.option("--out", type=PATH, required=True, help="Folder of the site.")
def board_build(root: Path, out: Path) -> None:
    """Write the static site of all leaderboards."""
    from w2s_bench.leaderboard.site_builder import build_site

    site = build_site(root, out)
    click.echo(
        f"{out}: {site.boards} boards, {site.pages} pages; open index.html, or w2s-bench board serve {out}"
    )


@board.command("serve")
@click.argument("site", type=PATH)
@click.option("--port", type=int, default=8000, show_default=True, metavar="PORT", help="0 for any free one.")
def board_serve(site: Path, port: int) -> None:
    """Serve a built SITE on 127.0.0.1 until Ctrl-C."""
    from w2s_bench.leaderboard.site_builder import server

    with server(site, port) as running:
        click.echo(f"http://127.0.0.1:{running.server_address[1]}/  (Ctrl-C to stop)")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            click.echo("", err=True)


@board.command("publish")
@click.argument("site", type=PATH)
@click.option("--to", "folder", type=PATH, metavar="DIR", help="Copy it to a folder.")
@click.option("--branch", metavar="NAME", help="Commit it to a branch of this repository, without pushing.")
@click.option(
    "--hub", "repository", metavar="OWNER/NAME", help="Upload it to the hub, as a data set and a Space."
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
def board_publish(
    site: Path, folder: Path | None, branch: str | None, repository: str | None, dry_run: bool
) -> None:
    """Publish a built SITE to a folder, a branch or the hub."""
    from w2s_bench.leaderboard.publish import sendings, to_branch, to_folder, to_hub

    if sum(target is not None for target in (folder, branch, repository)) != 1:
        raise click.UsageError("give one of --to, --branch and --hub")
    if folder is not None:
        uploads = [sendings(site, str(folder)) if dry_run else to_folder(site, folder)]
    elif branch is not None:
        uploads = [to_branch(site, branch, Path.cwd(), dry_run)]
    else:
        uploads = to_hub(site, str(repository), dry_run)
    for upload in uploads:
        verb = "would send" if dry_run else "sent"
        click.echo(f"{verb} {len(upload.files)} files ({megabytes(upload.size)}) to {upload.target}")
        if dry_run:
            click.echo("\n".join(f"  {name}" for name in upload.files))
