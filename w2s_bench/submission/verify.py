"""Score a bundle again from its predictions, without trusting its contents or running its code.

Cheap checks come first: the archive, its JSON, the suite, the cells against the plan's keys, the fits, then
the predictions against gold.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.pgr.cells import Cell, Rule, join
from w2s_bench.pgr.table import rows, with_failed
from w2s_bench.records import CellRecord, TableRow
from w2s_bench.registry.load import is_own
from w2s_bench.submission import archive, predictions
from w2s_bench.submission.bundle import cost
from w2s_bench.submission.manifest import CellLine, FitLine, Manifest, read_lines, read_one, refused
from w2s_bench.submission.standard import Place, Standard

FindStandard = Callable[[Manifest, str], Standard]
_RERUN = "run the suite as it is shipped and submit that run"
_CODE = (
    "if code has changed since that run, run the suite again (finished fits are not repeated); a bundle with "
    "keys of an older edition needs the published gold of its board: --gold BOARD/standard"
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A verified bundle: its manifest, cells and fits, its computed rows, the options that each fit picked,
    the method's own cells with per-item scores, and the standard that judged it."""

    manifest: Manifest
    cells: list[CellLine]
    fits: list[FitLine]
    rows: list[TableRow]
    picked: dict[str, NDArray[np.int32]]
    scored: list[Cell]
    standard: Standard


def verify(path: Path, find: FindStandard) -> Verified:
    """Check a bundle and compute its rows. ``find`` gives the standard for a manifest's suite.

    Errors: StoreError with file and field of the first check that fails.
    """
    return verify_members(archive.read(path), str(path), find)


def verify_members(members: Mapping[str, bytes], where: str, find: FindStandard) -> Verified:
    """Verify a bundle from its members. Errors: those of :func:`verify`."""
    at = {name: f"{where}: {name}" for name in archive.LARGEST}
    manifest: Manifest = read_one(Manifest, members[archive.MANIFEST], at[archive.MANIFEST])
    _check_files(manifest, members, at)
    standard = find(manifest, at[archive.MANIFEST])
    _check_suite(manifest, standard, at[archive.MANIFEST])
    expected = standard.expected(manifest.method.label)
    cells = read_lines(CellLine, members[archive.CELLS], at[archive.CELLS], len(expected))
    _check_cells(cells, expected, standard, manifest, at)
    lost = {_name(c) for c in cells if c.failed is not None}
    scored = [c for c in cells if _name(c) not in lost]
    used = {key: c.task for c in scored for key in (c.teacher_key, c.student_key, c.ceiling_key)}
    fits = read_lines(FitLine, members[archive.FITS], at[archive.FITS], len(used))
    _check_fits(fits, used, scored, standard, at[archive.FITS])
    items = {fit.key: standard.tests[fit.task].items for fit in fits}
    picked = predictions.read(members[archive.PREDICTIONS], items, at[archive.PREDICTIONS])
    _check_answers(fits, picked, standard, at)
    _check_manifest(manifest, cells, fits, standard, at[archive.MANIFEST])
    joined, failed = _joined(cells, lost, picked, standard)
    label, suite = manifest.method.label, standard.suite
    table = with_failed(rows(joined, Rule.of(suite), suite.name, suite.development), failed, suite.name)
    own_rows = [replace(row, group=None) for row in table if row.method == label]  # groups need a whole board
    own_cells = [cell for cell in joined if cell.method == label]
    return Verified(manifest, cells, fits, own_rows, picked, own_cells, standard)


def _name(cell: CellLine) -> tuple[Place, str]:
    return (cell.task, cell.teacher, cell.student), cell.method


def _check_fields(value: Any, expected: Mapping[str, Any], where: str, prefix: str, mend: str) -> None:
    """Refuse a field that differs from what is expected."""
    for field, right in expected.items():
        if (given := getattr(value, field)) != right:
            raise refused(f"field '{prefix}{field}': {given!r}", where, repr(right), mend)


def _check_files(manifest: Manifest, members: Mapping[str, bytes], at: Mapping[str, str]) -> None:
    method, head = manifest.method, at[archive.MANIFEST]
    present = set(members) - {archive.MANIFEST}
    if set(manifest.files) != present:
        raise refused("field 'files': names other files", head, ", ".join(sorted(present)))
    for name, digest in manifest.files.items():
        if hashlib.sha256(members[name]).hexdigest() != digest:
            raise refused("does not match its checksum in the manifest", at[name], f"SHA-256 {digest}")
    if method.own != (archive.CODE in members):
        raise refused("field 'method.own': says otherwise", head, f"{archive.CODE} where it is true")
    if method.own != is_own(method.name):
        raise refused("field 'method.name': no name of that kind", head, "FILE.py:NAME for one's own file")
    if method.own and method.code != manifest.files[archive.CODE]:
        raise refused("field 'method.code': is not the hash of the code", head, manifest.files[archive.CODE])


def _check_suite(manifest: Manifest, standard: Standard, where: str) -> None:
    suite = standard.suite
    facts = {"hash": suite.hash, "name": suite.name, "version": suite.version}
    _check_fields(manifest.suite, facts, where, "suite.", _RERUN)
    try:
        same = tomllib.loads(manifest.suite.toml) == tomllib.loads(standard.toml)
    except (ValueError, RecursionError):
        same = False
    if not same:
        expected = f"the text of {suite.name}, version {suite.version}"
        raise refused("field 'suite.toml': says something else", where, expected, _RERUN)


def _check_cells(
    cells: Sequence[CellLine],
    expected: Sequence[tuple[Place, str, int]],
    standard: Standard,
    manifest: Manifest,
    at: Mapping[str, str],
) -> None:
    """Check that every expected cell is there once, in order, with the keys of the plan."""
    file = at[archive.CELLS]
    for i, (place, method, seed) in enumerate(expected):
        where = f"{file}:{i + 1}"
        name = f"{method} on {' / '.join(place)}, seed {seed}"
        if i >= len(cells) or (_name(cells[i]), cells[i].seed) != ((place, method), seed):
            raise refused("a cell is missing, out of order, or there twice", where, name, _RERUN)
        cell = cells[i]
        known = standard.cells.get((place, method, seed))
        _check_known(cell, known, where) if known else _check_own(cell, standard, place, where)
    ends = {key for c in cells if not c.reference for key in (c.teacher_key, c.ceiling_key)}
    _check_students([c for c in cells if c.method not in standard.methods], ends, standard, file)
    label = manifest.method.label
    if label in standard.methods:
        name, code = standard.methods[label]
        facts = {"own": is_own(name), "name": name, "code": code}
        _check_fields(manifest.method, facts, at[archive.MANIFEST], "method.", _CODE)


def _check_known(cell: CellLine, known: Any, where: str) -> None:
    """Check a cell of a method that the standard has: everything but a failure follows from the plan."""
    plan = {field: getattr(known, field) for field in type(cell).model_fields if field != "failed"}
    _check_fields(cell, plan, where, "", _CODE)
    if known.failed is not None and cell.failed is None:
        raise refused("field 'failed': null", where, "a reason, as the plan has it", _RERUN)


def _check_own(cell: CellLine, standard: Standard, place: Place, where: str) -> None:
    """Check a cell of a method that only its author has: teacher and ceiling are those that all share."""
    ends = standard.ends(place, cell.seed)
    shared = {field: getattr(ends, field) for field in ("teacher_key", "ceiling_key")}
    _check_fields(cell, {"domain": ends.domain, "reference": False, **shared}, where, "", _CODE)
    if cell.failed is None and not cell.student_key:
        raise refused("field 'student_key': empty", where, "a key, or a reason in 'failed'")


def _check_students(own: Sequence[CellLine], ends: set[str], standard: Standard, file: str) -> None:
    """Check that a student of an unregistered method is no teacher or ceiling and is in one cell alone; it
    may be a fit that the plan has at the same place."""
    shared: dict[str, set[tuple[Place, int]]] = {}
    for (place, _, seed), planned in standard.cells.items():
        shared.setdefault(planned.student_key, set()).add((place, seed))
        ends = ends | {planned.teacher_key, planned.ceiling_key}
    seen: set[str] = set()
    for cell in (c for c in own if c.student_key):
        here = (_name(cell)[0], cell.seed)
        key = cell.student_key
        if key in ends or key in seen or here not in shared.get(key, {here}):
            what = f"field 'student_key': {key} is another fit's, at {' / '.join(here[0])}, seed {here[1]}"
            raise refused(what, file, "a fit of its own for every student", _RERUN)
        seen.add(key)


def _check_fits(
    fits: Sequence[FitLine], used: Mapping[str, str], cells: Sequence[CellLine], standard: Standard, file: str
) -> None:
    """Check that every used fit is there once, by key, with the task and model of its cell."""
    models = {c.teacher_key: c.teacher for c in cells if not c.reference}
    models |= {c.ceiling_key: c.student for c in cells if not c.reference}
    for i, key in enumerate(sorted(used)):
        where = f"{file}:{i + 1}"
        if i >= len(fits) or fits[i].key != key:
            raise refused("a fit is missing, out of order, or there twice", where, f"fit {key}", _RERUN)
        task, size = used[key], len(standard.tests[used[key]].items)
        facts = {"task": task, "n_test": size, "model": models.get(key, fits[i].model)}
        _check_fields(fits[i], facts, where, "", _RERUN)


def _check_answers(
    fits: Sequence[FitLine],
    picked: Mapping[str, NDArray[np.int32]],
    standard: Standard,
    at: Mapping[str, str],
) -> None:
    """Check that the picked options exist and give the claimed accuracy and hash."""
    for i, fit in enumerate(fits, 1):
        test, picks, where = standard.tests[fit.task], picked[fit.key], f"{at[archive.FITS]}:{i}"
        if len(wrong := np.flatnonzero((picks < 0) | (picks >= test.options))):
            row = int(wrong[0])
            what = f"column 'picked': {int(picks[row])} at item {test.items[row]} of fit {fit.key}"
            raise refused(what, at[archive.PREDICTIONS], f"an option from 0 to {test.options[row] - 1}")
        accuracy = float((picks == test.gold).mean())
        if fit.accuracy != accuracy:
            raise refused(f"field 'accuracy': {fit.accuracy}", where, f"{accuracy}, from its predictions")
        if fit.answers != (answers := predictions.answers_of(picks)):
            raise refused(f"field 'answers': {fit.answers}", where, f"{answers}, from its predictions")


def _check_manifest(
    manifest: Manifest, cells: Sequence[CellLine], fits: Sequence[FitLine], standard: Standard, where: str
) -> None:
    """Check that the manifest agrees with the cells of the method, and that its sums are right."""
    method = manifest.method
    own = [c for c in cells if c.method == method.label]
    for field in ("options", "reference", "uses_gold"):
        if any(getattr(c, field) != getattr(method, field) for c in own):
            raise refused(f"field 'method.{field}': its cells say otherwise", where, "the same everywhere")
    tasks = {fit.task: predictions.items_of(standard.tests[fit.task].items) for fit in fits}
    facts = {"seeds": sorted({c.seed for c in own}), "items": tasks, "cost_seconds": cost(fits)}
    for field, right in facts.items():
        if getattr(manifest, field) != right:
            raise refused(f"field {field!r}: does not follow from cells and fits", where, f"{right!r:.200}")


def _joined(
    cells: Sequence[CellLine],
    lost: set[tuple[Place, str]],
    picked: Mapping[str, NDArray[np.int32]],
    standard: Standard,
) -> tuple[list[Cell], list[CellRecord]]:
    """Cells with their per-item scores, in the order of the suite, and those that failed."""
    tests = standard.tests
    tasks = {
        fit: cell.task for cell in cells for fit in (cell.teacher_key, cell.student_key, cell.ceiling_key)
    }
    correct = {key: (picks == tests[tasks[key]].gold).astype(np.uint8) for key, picks in picked.items()}
    options = {key: picks.astype(np.int16) for key, picks in picked.items()}  # in range: that was checked
    chance = {task: float(np.mean(1 / test.options)) for task, test in tests.items()}
    order = {place: i for i, (place, *_) in enumerate(standard.cells)}
    by_suite = sorted(cells, key=lambda c: order.get(_name(c)[0], len(order)))
    good = [c.record() for c in by_suite if _name(c) not in lost]
    failed = [c.record() for c in by_suite if _name(c) in lost]
    return join(good, correct, chance, options), failed
