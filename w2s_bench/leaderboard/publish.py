"""Publish a built site: to a folder, a branch of a git repository, or the Hugging Face hub."""

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
from w2s_bench.leaderboard.site_builder import MARK, check_site

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
ALL_FILES, DATA = ("**/*",), ("*/board.json", "*/board.csv", "*/entries/*")
MESSAGE = "Leaderboards, made by w2s-bench board build"


@dataclass(frozen=True, slots=True)
class Sending:
    """The files of a site for one target (a repository or folder), and their total size in bytes."""

    target: str
    files: list[str]
    size: int


def sendings(site: Path, target: str) -> Sending:
    """All files of a site for one target. Errors: UserError for a folder that is no site."""
    return _sending(site, target, ALL_FILES)


def to_folder(site: Path, folder: Path) -> Sending:
    """Copy a site to a new or empty folder, or one that holds an earlier site, which is replaced."""
    sending = sendings(site, str(folder))
    source, target = site.resolve(), folder.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise UserError("the site lies there itself", where=str(folder), expected="a folder apart from it")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UserError(
            "this holds something that is no site of ours",
            where=str(folder),
            expected="a new or empty folder, or an earlier site",
        )
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(site, folder)
    return sending


def to_branch(site: Path, branch: str, repository: Path, dry_run: bool = False) -> Sending:
    """Add a commit that holds the site alone to a branch; the work tree and its index do not change.

    Nothing is pushed. Errors: UserError where git refuses.
    """
    sending = sendings(site, f"branch {branch} of {repository}")
    _git(repository, "check-ref-format", "--branch", branch)
    if _git(repository, "rev-parse", "--abbrev-ref", "HEAD") == branch:
        raise UserError(
            f"branch {branch!r} is checked out", where=str(repository), mend="name a branch for pages alone"
        )
    if dry_run:
        return sending
    git_folder = _git(repository, "rev-parse", "--absolute-git-dir")
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        _git(site, "--git-dir", git_folder, "--work-tree", ".", "add", "--all", "--force", ".", env=index)
        tree = _git(repository, "write-tree", env=index)
    parent = _git(repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
    parents = ("-p", parent) if parent else ()
    commit = _git(repository, "commit-tree", tree, *parents, "-m", MESSAGE)
    _git(repository, "update-ref", f"refs/heads/{branch}", commit)
    return sending


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
    """Upload a data set and a static Space ``name`` (``OWNER/NAME``) to the hub; a dry run only lists them.

    Errors: UserError for an invalid name, or where the hub refuses.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", name):
        raise UserError(f"no repository name: {name!r}", where="--hub", expected="OWNER/NAME")
    sent = [sendings(site, f"Space {name}"), _sending(site, f"data set {name}", DATA)]
    if not dry_run:
        _upload(site, name)
    return sent


def _sending(site: Path, target: str, patterns: Sequence[str]) -> Sending:
    check_site(site)
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
