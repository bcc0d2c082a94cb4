"""A built site to where others see it: a folder, a branch of a git repository, or the Hugging Face hub."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from w2s_bench.errors import UserError
from w2s_bench.leaderboard.site_builder import MARK

SPACE_CARD = """---
title: w2s-bench leaderboards
sdk: static
pinned: false
license: mit
---
Weak-to-strong generalization: every row is scored from per-item predictions.
"""
DATA_CARD = """---
license: mit
---
Rows, entries and bundles of the w2s-bench leaderboards: of each board `board.json`, `board.csv`, `entries/`.
"""
DATA = ("*/board.json", "*/board.csv", "*/entries/*")
MESSAGE = "Leaderboards, made by w2s-bench board build"


@dataclass(frozen=True, slots=True)
class Sending:
    """What goes where: a repository or folder, and the files below the site, with their bytes in all."""

    target: str
    files: list[str]
    size: int


def sendings(site: Path, target: str) -> Sending:
    """All files of a site for one target. Errors: UserError for a folder that is no site."""
    return _sending(site, target, ["**/*"])


def to_folder(site: Path, folder: Path) -> Sending:
    """Copy a site; of what is there, only files of an earlier site are replaced."""
    found = sendings(site, str(folder))
    here, there = site.resolve(), folder.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise UserError("the site lies there itself", where=str(folder), expected="a folder apart from it")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UserError(
            "this holds something that is no site of ours",
            where=str(folder),
            expected="a new or empty folder, or an earlier site",
        )
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(site, folder)
    return found


def to_branch(site: Path, branch: str, repository: Path, dry_run: bool = False) -> Sending:
    """One commit with the site alone, on top of what the branch holds; work tree and index stay as they are.

    Nothing is pushed: that is for whoever owns the remote. Errors: UserError where git refuses.
    """
    found = sendings(site, f"branch {branch} of {repository}")
    _git(repository, "check-ref-format", "--branch", branch)
    if _git(repository, "rev-parse", "--abbrev-ref", "HEAD") == branch:
        raise UserError(
            f"branch {branch!r} is checked out", where=str(repository), mend="name a branch for pages alone"
        )
    if dry_run:
        return found
    tree = _tree(site, repository)
    parent = _tip(repository, branch)
    parents = ("-p", parent) if parent else ()
    commit = _git(repository, "commit-tree", tree, *parents, "-m", MESSAGE)
    _git(repository, "update-ref", f"refs/heads/{branch}", commit)
    return found


def _tree(site: Path, repository: Path) -> str:
    """The site as a git tree, through an index of its own."""
    folder = _git(repository, "rev-parse", "--absolute-git-dir")
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        _git(site, "--git-dir", folder, "--work-tree", ".", "add", "--all", "--force", ".", env=index)
        return _git(repository, "write-tree", env=index)


def _tip(repository: Path, branch: str) -> str | None:
    """The commit that a branch stands at, if there is one."""
    return _git(repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}") or None


def _git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=os.environ | (env or {}), capture_output=True, text=True
        )
    except OSError as error:
        raise UserError(f"git cannot be run ({error})", where=str(folder)) from None
    if done.returncode:
        raise UserError(
            f"git refuses: {' '.join(done.stderr.split())[:200]}",
            where=str(folder),
            expected="a git repository, and the name of a branch",
        )
    return done.stdout.strip()


def to_hub(site: Path, name: str, dry_run: bool) -> list[Sending]:
    """Data set and static Space ``name`` (``OWNER/NAME``) on the hub; a dry run only says what would be sent.

    Errors: UserError for a name that is none, or what the hub refuses.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", name):
        raise UserError(f"no repository name: {name!r}", where="--hub", expected="OWNER/NAME")
    found = [_sending(site, f"Space {name}", ["**/*"]), _sending(site, f"data set {name}", DATA)]
    if not dry_run:
        _upload(site, name)
    return found


def _sending(site: Path, target: str, patterns: Sequence[str]) -> Sending:
    if not (site / MARK).is_file():
        raise UserError(
            "no site here",
            where=str(site),
            expected="a folder that board build wrote",
            mend="w2s-bench board build --out DIR",
        )
    paths = sorted({p for pattern in patterns for p in site.glob(pattern) if p.is_file()})
    return Sending(target, [str(p.relative_to(site)) for p in paths], sum(p.stat().st_size for p in paths))


def _upload(site: Path, name: str) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    api = HfApi()
    try:
        api.create_repo(name, repo_type="space", space_sdk="static", exist_ok=True)
        api.create_repo(name, repo_type="dataset", exist_ok=True)
        for kind, card, patterns in (("space", SPACE_CARD, None), ("dataset", DATA_CARD, list(DATA))):
            api.upload_file(
                path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=name, repo_type=kind
            )
            api.upload_folder(
                folder_path=str(site),
                repo_id=name,
                repo_type=kind,
                allow_patterns=patterns,
                commit_message=MESSAGE,
            )
    except (HfHubHTTPError, OfflineModeIsEnabled, OSError, ValueError) as error:
        raise UserError(
            f"the hub refuses ({type(error).__name__}: {' '.join(str(error).split())[:200]})",
            where=f"--hub {name}",
            expected="a token with write access (hf auth login) and a network",
            mend="try --dry-run to see what would be sent",
        ) from None
