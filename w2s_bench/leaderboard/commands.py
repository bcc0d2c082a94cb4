"""Commands on bundles: find the standard, verify, compare shared fits, rerun, print."""

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

ALIKE = 0.01  # most items, as a share, on which fits of one key may differ between machines


def verify_bundle(
    path: Path, hub: Path | None = None, store: Path | None = None, gold: Path | None = None
) -> tuple[Verified, int]:
    """Verify a bundle by a shipped suite, or by the folder ``gold`` of ``board gold``, and compare its fits
    with those in ``store``. Returns the result and the number of compared fits."""
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
    """Verify a bundle, train some of its cells again, and write the record beside it; return record and file.

    ``sources``: the mirror of the hub, a newer one, and the gold. ``closed``: in a sandbox without network.
    Errors: UserError for an existing record, or a bundle of an archive without the archive's gold.
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
    board = path.resolve().parent.parent
    if gold is None and (reason := archived(board)):  # the installed code plans its cells under other keys
        raise UserError(
            f"its content keys are of an older edition and cannot be compared: {board.name} is an archive",
            where=str(path),
            expected=f"a bundle of an open board ({reason})",
            mend=f"rerun it by the archive's own standard: --gold {board / STANDARD}",
        )
    done, _ = verify_bundle(path, hub, None, gold)
    seed = secrets.randbelow(1 << 31) if review_seed is None else review_seed
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = rerun(done, digest, seed, method=method, count=count, hub=hub, newer=newer, closed=closed)
    write_text(target, dump(record))
    return record, target


def sealed(folder: Path) -> FindStandard:
    """A lookup that always gives the standard of a folder."""
    standard = read_standard(folder)
    return lambda manifest, where: standard


def installed(hub: Path | None, store: Path | None) -> FindStandard:
    """A lookup of shipped suites by their hash, which makes their standards."""

    def find(manifest: Manifest, where: str) -> Standard:
        suite = shipped_suite(manifest.suite.hash)
        if suite is None:
            raise refused(
                f"field 'suite.hash': no shipped suite has {manifest.suite.hash}",
                where,
                "a suite that w2s-bench list suites shows, in its present version",
                "install the version of w2s-bench that has it, or give its published gold with --gold",
            )
        return standard_of(*suite, [manifest.method.label], hub, store)

    return find


def seal(suite_name: str, out: Path, hub: Path | None, store: Path | None) -> Standard:
    """Write the standard of a suite, with all registered methods, to a folder."""
    suite, text = load_suite(suite_name)
    standard = standard_of(suite, text, [ALL], hub, store)
    write_standard(out, standard)
    return standard


def _compare(done: Verified, store: Store, where: str) -> int:
    """Check that fits picked the same options as those in the store under the same keys; count them."""
    fits = [fit for fit in done.fits if store.has("fit", fit.key)]
    for fit in fits:
        stored = picks(store.open("fit", fit.key).arrays("test")["probabilities"])
        submitted = done.picked[fit.key]
        if len(stored) != len(submitted) or np.mean(stored != submitted) > ALIKE:
            raise refused(
                f"fit {fit.key} ({fit.model} on {fit.task}) answers otherwise than the same fit in the store",
                f"{where}: predictions.parquet",
                f"the same option on all but {ALIKE:.0%} of the items",
                "submit the fits as they were made",
            )
    return len(fits)


def document(done: Verified, compared: int) -> Mapping[str, Any]:
    """The result of a verification as JSON values."""
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
    """The rows as a table, and a summary of the verification."""
    head = done.manifest
    same = f", {compared} of them as in the store" if compared else ""
    suite = f"{head.suite.name}, version {head.suite.version}"
    return (
        f"{as_text(done.rows, width)}\n"
        f"{head.method.label} on {suite}: {len(done.cells)} cells and "
        f"{len(done.fits)} fits hold{same}; tier: claimed"
    )
