"""What the command line does with bundles: find the standard, verify, compare shared fits, print."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from w2s_bench.errors import UserError
from w2s_bench.leaderboard.board import RERUN, STANDARD, archived
from w2s_bench.leaderboard.entry_file import Rerun, dump
from w2s_bench.leaderboard.rerun import rerun
from w2s_bench.metric import picks
from w2s_bench.plan.extra_methods import ALL
from w2s_bench.records import row_values
from w2s_bench.report.text_tables import as_text
from w2s_bench.store.local import Store, write_text
from w2s_bench.submission.manifest import Manifest, refused
from w2s_bench.submission.standard import Standard, read_standard, shipped_suite, standard_of, write_standard
from w2s_bench.submission.verify import FindStandard, Verified, verify
from w2s_bench.suite import load_suite

ALIKE = 0.01  # of one key: share of items on which two machines may differ in their last digits


def verify_bundle(
    path: Path, hub: Path | None = None, store: Path | None = None, gold: Path | None = None
) -> tuple[Verified, int]:
    """Verify a bundle by a shipped suite, or by the folder ``gold`` of ``board gold``; and compare its shared
    fits with those that ``store`` holds. Returns how many were compared too."""
    done = verify(path, sealed(gold) if gold else installed(hub, store))
    return done, _compare(done, Store(store), str(path)) if store else 0


def rerun_bundle(
    path: Path,
    method: str | None,
    count: int,
    review_seed: int | None,
    out: Path | None,
    sources: tuple[Path | None, Path | None, Path | None],
    closed: bool,
) -> tuple[Rerun, Path]:
    """Verify a bundle, train cells of it again, and write the record beside it; returns record and file.

    ``sources``: the mirror of the hub, a newer one, and the gold. ``closed``: in a sandbox without network.
    Errors: UserError for a record that exists, or a bundle of an archive without the archive's gold.
    """
    hub, newer, gold = sources
    target = out or path.with_name(f"{path.stem}{RERUN}")
    if target.exists():
        raise UserError(
            "there is a record of a rerun already",
            where=str(target),
            expected="a new file: records are never rewritten",
            mend="give another with --out",
        )
    if gold is None:
        _check_comparable(path)
    done, _ = verify_bundle(path, hub, None, gold)
    seed = secrets.randbelow(1 << 31) if review_seed is None else review_seed
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = rerun(done, digest, seed, method=method, count=count, hub=hub, newer=newer, closed=closed)
    write_text(target, dump(record))
    return record, target


def _check_comparable(path: Path) -> None:
    """Errors: UserError for a bundle of an archive: the installed code plans its cells under other keys."""
    folder = path.resolve().parent.parent
    if reason := archived(folder):
        raise UserError(
            f"its content keys are of an older edition and cannot be compared: {folder.name} is an archive",
            where=str(path),
            expected=f"a bundle of an open board ({reason})",
            mend=f"rerun it by the archive's own standard: --gold {folder / STANDARD}",
        )


def sealed(folder: Path) -> FindStandard:
    """The standard of a folder, for bundles of its suite alone."""
    standard = read_standard(folder)
    return lambda manifest, where: standard


def installed(hub: Path | None, store: Path | None) -> FindStandard:
    """Standards from the shipped suites, by their hash."""

    def find(manifest: Manifest, where: str) -> Standard:
        found = shipped_suite(manifest.suite.hash)
        if found is None:
            raise refused(
                f"field 'suite.hash': no shipped suite has {manifest.suite.hash}",
                where,
                "a suite that w2s-bench list suites shows, in its present version",
                "install the version of w2s-bench that has it, or give its published gold with --gold",
            )
        return standard_of(*found, [manifest.method.label], hub, store)

    return find


def seal(suite_name: str, out: Path, hub: Path | None, store: Path | None) -> Standard:
    """Write the standard of a suite, with every registered method, to a folder."""
    suite, text = load_suite(suite_name)
    standard = standard_of(suite, text, [ALL], hub, store)
    write_standard(out, standard)
    return standard


def _compare(done: Verified, store: Store, where: str) -> int:
    """Fits that the store has under the same key must have picked the same options."""
    compared = 0
    for fit in done.fits:
        if not store.has("fit", fit.key):
            continue
        compared += 1
        here = picks(store.open("fit", fit.key).arrays("test")["probabilities"])
        mine = done.picked[fit.key]
        if len(here) != len(mine) or np.mean(here != mine) > ALIKE:
            raise refused(
                f"fit {fit.key} ({fit.model} on {fit.task}) answers otherwise than the same fit in the store",
                f"{where}: predictions.parquet",
                f"the same option on all but {ALIKE:.0%} of the items",
                "submit the fits as they were made",
            )
    return compared


def document(done: Verified, compared: int) -> Mapping[str, Any]:
    """What was verified, as JSON values."""
    head = done.manifest
    return {
        "method": head.method.model_dump(),
        "suite": {"name": head.suite.name, "version": head.suite.version, "hash": head.suite.hash},
        "seeds": head.seeds,
        "tier": "claimed",
        "fits": len(done.fits),
        "fits_compared": compared,
        "cost_seconds": head.cost_seconds,
        "rows": list(map(row_values, done.rows)),
    }


def text(done: Verified, compared: int, width: int | None) -> str:
    """The rows as a table, and what holds."""
    head = done.manifest
    same = f", {compared} of them as in the store" if compared else ""
    suite = f"{head.suite.name}, version {head.suite.version}"
    return (
        f"{as_text(done.rows, width)}\n"
        f"{head.method.label} on {suite}: {len(done.cells)} cells and "
        f"{len(done.fits)} fits hold{same}; tier: claimed"
    )
