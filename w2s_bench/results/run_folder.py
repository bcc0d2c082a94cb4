"""Write and read the folder of one run: records, cells, per-item predictions. Reports read nothing else.

Equal runs write equal bytes to ``records.jsonl``, ``cells.jsonl`` and ``predictions.parquet``; whatever
depends on the clock or the machine is in ``run.json`` and ``timings.json``. Shape: N test items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.errors import StoreError
from w2s_bench.records import (
    CellRecord,
    RunInfo,
    ScoreRecord,
    canonical_json,
    dump_lines,
    load_json,
    load_lines,
)
from w2s_bench.store.local import atomic_file, write_text

RUN, RECORDS, CELLS = "run.json", "records.jsonl", "cells.jsonl"
PREDICTIONS, TIMINGS = "predictions.parquet", "timings.json"
COMPANIONS = "companions.parquet"  # predictions on companions; only where there are some


@dataclass(frozen=True, slots=True)
class Answers:
    """A fit's answers on a test set, ``[N]`` each: item ids, options picked, gold and its probability."""

    items: list[str]
    picked: NDArray[np.int64]
    gold: NDArray[np.int64]
    gold_probability: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scored:
    """A fit's record, its answers on the task's own test set, and those on companions by name."""

    record: ScoreRecord
    answers: Answers
    companions: dict[str, Answers] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of one fit as they are read back, ``[N]`` each: item ids, scores 0 or 1, options picked."""

    items: tuple[str, ...]
    correct: NDArray[np.uint8]
    picked: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as reports read it.

    ``predictions`` are by the key of a fit, ``companions`` by companion and key. If one seed of a cell has no
    student to score, all seeds of the cell are in ``failed`` and not in ``cells``.
    """

    info: RunInfo
    records: list[ScoreRecord]
    cells: list[CellRecord]
    predictions: dict[str, Predictions]
    failed: list[CellRecord] = field(default_factory=list)
    companions: dict[str, dict[str, Predictions]] = field(default_factory=dict)


def save_run(
    folder: Path, info: RunInfo, scored: Sequence[Scored], cells: list[CellRecord], seconds: dict[str, float]
) -> None:
    """Write a run, each file atomically and ``run.json`` last: a folder that has it is complete."""
    ordered = sorted(scored, key=lambda s: s.record.key)
    write_text(folder / RECORDS, dump_lines(s.record for s in ordered))
    write_text(folder / CELLS, dump_lines(cells))
    _save_predictions(folder / PREDICTIONS, [(s.record.key, None, s.answers) for s in ordered])
    others = [(s.record.key, name, answers) for s in ordered for name, answers in s.companions.items()]
    if others:
        _save_predictions(folder / COMPANIONS, others)
    else:  # an earlier run in this folder may have left one
        (folder / COMPANIONS).unlink(missing_ok=True)
    write_text(folder / TIMINGS, canonical_json(seconds) + "\n")
    write_text(folder / RUN, canonical_json(asdict(info)) + "\n")


def _save_predictions(path: Path, scored: Sequence[tuple[str, str | None, Answers]]) -> None:
    """Write answers, each with the key of its fit and, on a companion, the companion's name."""
    import pyarrow
    import pyarrow.parquet

    answers = [s[2] for s in scored]
    rows = np.repeat(np.arange(len(scored), dtype=np.int32), [len(a.items) for a in answers])

    def repeated(values: Sequence[str | None]) -> Any:
        distinct = list(dict.fromkeys(values))
        places = np.array([distinct.index(v) for v in values], dtype=np.int32)
        return pyarrow.DictionaryArray.from_arrays(places[rows], distinct)

    companion = {} if scored and scored[0][1] is None else {"companion": repeated([s[1] for s in scored])}
    table = pyarrow.table(
        {
            "key": repeated([s[0] for s in scored]),
            **companion,
            "item": [i for a in answers for i in a.items],
            "picked": np.concatenate([a.picked for a in answers]).astype(np.int16),
            "gold": np.concatenate([a.gold for a in answers]).astype(np.int16),
            "gold_probability": np.concatenate([a.gold_probability for a in answers]),
        }
    )
    with atomic_file(path) as draft:
        pyarrow.parquet.write_table(table, draft, compression="zstd")


def load_run(folder: Path) -> Run:
    """Read a run. Errors: StoreError for a folder that holds none, or a file that is damaged."""
    if not (folder / RUN).is_file():
        raise StoreError(
            "no run in this folder",
            where=str(folder),
            expected=f"a finished run with {RUN}",
            mend=f"make one: w2s-bench run SUITE --out {folder}",
        )
    cells = load_lines(CellRecord, folder / CELLS)
    failed = {_name(cell) for cell in cells if cell.failed is not None}
    return Run(
        load_json(RunInfo, folder / RUN),
        load_lines(ScoreRecord, folder / RECORDS),
        [cell for cell in cells if _name(cell) not in failed],
        _by_key(_columns(folder / PREDICTIONS, ["key", "item"])),
        [cell for cell in cells if _name(cell) in failed],
        _load_companions(folder / COMPANIONS),
    )


def _name(cell: CellRecord) -> tuple[str, ...]:
    return (cell.task, cell.teacher, cell.student, cell.method)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Predictions as the file stores them; a column of texts is indices ``[N]`` into its distinct texts."""

    coded: dict[str, tuple[NDArray[np.int64], list[str]]]
    picked: NDArray[np.int16]
    gold: NDArray[np.int16]


def _load_companions(path: Path) -> dict[str, dict[str, Predictions]]:
    if not path.is_file():
        return {}
    columns = _columns(path, ["key", "item", "companion"])
    places, names = columns.coded["companion"]
    return {name: _by_key(columns, np.flatnonzero(places == k)) for k, name in enumerate(names)}


def _columns(path: Path, coded: list[str]) -> _Columns:
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path, columns=[*coded, "picked", "gold"], read_dictionary=coded)
        picked, gold = (table.column(name).to_numpy() for name in ("picked", "gold"))
        return _Columns({name: _codes(table.column(name)) for name in coded}, picked, gold)
    except Exception as error:
        raise StoreError(
            f"cannot be read ({error})",
            where=str(path),
            expected="the predictions of a run",
            mend="run the suite again: finished fits are not repeated",
        ) from None


def _codes(column: Any) -> tuple[NDArray[np.int64], list[str]]:
    """A column of texts as indices into its distinct texts.

    Errors: ValueError for an index out of range, which a damaged file may hold.
    """
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole if hasattr(whole, "indices") else whole.chunk(0)
    places, texts = whole.indices.to_numpy().astype(np.int64), whole.dictionary.to_pylist()
    if len(places) and not 0 <= places.min() <= places.max() < len(texts):
        raise ValueError("a text that is not in its dictionary")
    return places, texts


def _by_key(columns: _Columns, rows: NDArray[np.int64] | None = None) -> dict[str, Predictions]:
    """Predictions in ``rows`` of the file (None: all), by the key of their fit; fits of a task share ids."""
    rows = np.arange(len(columns.picked)) if rows is None else rows
    (keys, names), (items, ids) = columns.coded["key"], columns.coded["item"]
    rows = rows[np.argsort(keys[rows], kind="stable")]
    shared: dict[bytes, tuple[str, ...]] = {}
    predictions = {}
    for part in np.split(rows, np.flatnonzero(np.diff(keys[rows])) + 1) if len(rows) else ():
        listed, picked = items[part], columns.picked[part]
        item_ids = shared.get(listed.tobytes()) or tuple(ids[k] for k in listed.tolist())
        shared[listed.tobytes()] = item_ids
        correct = (picked == columns.gold[part]).astype(np.uint8)
        predictions[names[int(keys[part[0]])]] = Predictions(item_ids, correct, picked)
    return predictions
