"""Pack a run's folder into bundles, one for each method, with all that a board needs.

An entry of a board is one method, so its bundle holds nothing of other methods but the shared fits (teachers,
ceilings) and the rows that it is compared with (naive, zero-shot).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from w2s_bench.errors import StoreError, UserError
from w2s_bench.records import CellRecord
from w2s_bench.report.entries import file_name
from w2s_bench.report.load import prove_dense
from w2s_bench.results.run_folder import TIMINGS, Run, load_run
from w2s_bench.store.local import atomic_file
from w2s_bench.submission import predictions
from w2s_bench.submission.archive import CELLS, CODE, FITS, MANIFEST, PREDICTIONS, pack
from w2s_bench.submission.manifest import CellLine, FitLine, Manifest, MethodLine, SuiteLine, dump, plain
from w2s_bench.submission.method_code import Code, code_of
from w2s_bench.submission.standard import rivals
from w2s_bench.suite import Suite, parse_suite


@dataclass(frozen=True, slots=True)
class Submitted:
    """A written bundle: its method, its file, and its size in bytes."""

    method: str
    path: Path
    size: int


def submit(
    folder: Path, methods: Sequence[str] = (), out: Path | None = None, tuning: int | None = None
) -> list[Submitted]:
    """Write the bundles of ``methods`` (as tables call them), or of all but reference rows, to ``out`` (one
    method) or below the folder. Equal folders give equal bytes.

    Errors: UserError for a method that the run does not have, or whose code is missing.
    """
    run = load_run(folder)
    prove_dense(run)
    cells = [*run.cells, *run.failed]
    chosen = list(methods) or list(dict.fromkeys(c.method for c in cells if not c.reference))
    if out is not None and len(chosen) != 1:
        raise UserError(
            f"{len(chosen)} methods for one file: {', '.join(chosen)}",
            where=str(folder),
            mend="name one with --method, or leave --out away",
        )
    known = {c.method for c in cells}
    if unknown := [name for name in chosen if name not in known]:
        expected = "one of: " + ", ".join(sorted(known))
        raise UserError(f"no method {unknown[0]!r} in this run", where=str(folder), expected=expected)
    seconds = _seconds(folder / TIMINGS)
    packed = {label: _make(run, label, seconds, tuning) for label in chosen}
    return [
        _write(label, data, out or folder / "bundles" / f"{file_name(label)}.zip")
        for label, data in packed.items()
    ]


def _make(run: Run, label: str, seconds: Mapping[str, float], tuning: int | None) -> bytes:
    try:
        return make(run, label, seconds, tuning)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise UserError(
            f"field {field!r} cannot stand in a bundle: {first['msg']}",
            where=f"method {label}",
            expected="plain text and numbers",
            mend="give the method a plain name (label in the suite), and run again",
        ) from None


def make(run: Run, label: str, seconds: Mapping[str, float], tuning: int | None = None) -> bytes:
    """The bytes of one method's bundle."""
    suite = parse_suite(run.info.suite_toml, "run.json")
    cells = _cells(run, suite, label)
    own = [c for c in cells if c.method == label]
    lost = {_place(c) for c in run.failed}
    fits = _fits(run, [c for c in cells if _place(c) not in lost], seconds)
    picked = {fit.key: run.predictions[fit.key].picked for fit in fits}
    items = {fit.key: run.predictions[fit.key].items for fit in fits}
    code = code_of(label, suite, run.info)
    members = {
        CELLS: "".join(dump(_line(c)) for c in cells).encode(),
        FITS: "".join(dump(f) for f in fits).encode(),
        PREDICTIONS: predictions.write(picked, items),
    }
    if code.text is not None:
        members[CODE] = code.text
    by_task = {fit.task: predictions.items_of(items[fit.key]) for fit in fits}
    head = _manifest(run, own[0], code, tuning, fits, by_task, members)
    return pack(members | {MANIFEST: dump(head).encode()})


def _place(cell: CellRecord) -> tuple[str, str, str, str]:
    return (cell.task, cell.teacher, cell.student, cell.method)


def _cells(run: Run, suite: Suite, label: str) -> list[CellRecord]:
    """Cells of the method and of its rivals at the same places, in the order of a bundle."""
    cells, rows = [*run.cells, *run.failed], rivals(suite)
    names = {_place(c)[:3]: (label, *rows.get(_place(c)[:3], ())) for c in cells if c.method == label}
    chosen = [c for c in cells if c.method in names.get(_place(c)[:3], ())]
    return sorted(chosen, key=lambda c: (_place(c), c.seed))


def _line(cell: CellRecord) -> CellLine:
    return CellLine(
        **{name: getattr(cell, name) for name in CellLine.model_fields if name != "failed"},
        failed=None if cell.failed is None else plain(cell.failed),
    )


def _fits(run: Run, cells: Sequence[CellRecord], seconds: Mapping[str, float]) -> list[FitLine]:
    keys = {key for c in cells for key in (c.teacher_key, c.student_key, c.ceiling_key)}
    if not keys:
        raise UserError("no cell of it was scored", where="this run", mend="mend the method and run again")
    return [
        FitLine(
            key=r.key,
            task=r.task,
            model=r.model,
            parameters=r.parameters,
            n_test=r.n_test,
            accuracy=r.accuracy,
            answers=predictions.answers_of(run.predictions[r.key].picked),
            seconds=round(seconds.get(r.key, 0.0), 3),
        )
        for r in sorted(run.records, key=lambda r: r.key)
        if r.key in keys
    ]


def _manifest(
    run: Run,
    head: CellRecord,
    code: Code,
    tuning: int | None,
    fits: Sequence[FitLine],
    items: Mapping[str, str],
    members: Mapping[str, bytes],
) -> Manifest:
    info = run.info
    return Manifest(
        schema_version=1,
        method=MethodLine(
            label=head.method,
            name=code.name,
            own=code.text is not None,
            code=code.hash,
            options=head.options,
            reference=head.reference,
            uses_gold=head.uses_gold,
            tuning=tuning,
        ),
        suite=SuiteLine(
            name=info.suite, version=info.suite_version, hash=info.suite_hash, toml=info.suite_toml
        ),
        seeds=sorted({c.seed for c in [*run.cells, *run.failed] if c.method == head.method}),
        code_version=info.code_version,
        libraries=info.libraries,
        python=info.python,
        platform=plain(info.platform),
        device=plain(info.device),
        workers=info.workers,
        cost_seconds=cost(fits),
        items=dict(items),
        files={name: hashlib.sha256(data).hexdigest() for name, data in members.items()},
    )


def cost(fits: Sequence[FitLine]) -> float:
    """Total seconds of all fits."""
    return round(sum(fit.seconds for fit in fits), 3)


def _seconds(path: Path) -> dict[str, float]:
    try:
        seconds: Any = json.loads(path.read_text("utf8"))
        return {str(key): float(value) for key, value in seconds.items()}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise StoreError(
            f"cannot be read ({error})",
            where=str(path),
            expected="seconds by the key of a fit",
            mend="run the suite again: finished fits are not repeated",
        ) from None


def _write(label: str, data: bytes, path: Path) -> Submitted:
    with atomic_file(path) as draft:
        draft.write_bytes(data)
    return Submitted(label, path, len(data))
