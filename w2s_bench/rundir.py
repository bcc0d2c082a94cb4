"""The folder of one run: records, cells, per-item predictions and what made them; reports read only this.

``records.jsonl``, ``cells.jsonl`` and ``predictions.parquet`` are byte-equal for equal runs; whatever
depends on the clock or the machine is in ``run.json`` and ``timings.json``.
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
from w2s_bench.store import atomic_file, write_text

RUN, RECORDS, CELLS = "run.json", "records.jsonl", "cells.jsonl"
PREDICTIONS, TIMINGS = "predictions.parquet", "timings.json"


@dataclass(frozen=True, slots=True)
class Scored:
    """A fit's record and, for each test item, its id, the option picked and gold (``[N]`` each)."""

    record: ScoreRecord
    items: list[str]
    picked: NDArray[np.int64]
    gold: NDArray[np.int64]
    gold_probability: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Predictions:
    """Per-item predictions of one fit on the test set: item ids, 0/1 scores and options picked ``[N]``."""

    items: tuple[str, ...]
    correct: NDArray[np.uint8]
    picked: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a report needs. ``failed`` cells have no student to score; where one seed of a cell
    failed, all its seeds stand there and none among ``cells``."""

    info: RunInfo
    records: list[ScoreRecord]
    cells: list[CellRecord]
    predictions: dict[str, Predictions]
    failed: list[CellRecord] = field(default_factory=list)


def save_run(
    folder: Path,
    info: RunInfo,
    scored: Sequence[Scored],
    cells: list[CellRecord],
    seconds: dict[str, float],
) -> None:
    """Write a run; each file appears whole, ``run.json`` last: a folder with it is complete."""
    ordered = sorted(scored, key=lambda s: s.record.key)
    write_text(folder / RECORDS, dump_lines(s.record for s in ordered))
    write_text(folder / CELLS, dump_lines(cells))
    _save_predictions(folder / PREDICTIONS, ordered)
    write_text(folder / TIMINGS, canonical_json(seconds) + "\n")
    write_text(folder / RUN, canonical_json(asdict(info)) + "\n")


def _save_predictions(path: Path, scored: Sequence[Scored]) -> None:
    import pyarrow
    import pyarrow.parquet

    repeats = [len(s.items) for s in scored]
    keys = np.repeat(np.arange(len(scored), dtype=np.int32), repeats)
    table = pyarrow.table(
        {
            "key": pyarrow.DictionaryArray.from_arrays(keys, [s.record.key for s in scored]),
            "item": [i for s in scored for i in s.items],
            "picked": np.concatenate([s.picked for s in scored]).astype(np.int16),
            "gold": np.concatenate([s.gold for s in scored]).astype(np.int16),
            "gold_probability": np.concatenate([s.gold_probability for s in scored]),
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
    lost = {_name(cell) for cell in cells if cell.failed is not None}
    return Run(
        load_json(RunInfo, folder / RUN),
        load_lines(ScoreRecord, folder / RECORDS),
        [cell for cell in cells if _name(cell) not in lost],
        _load_predictions(folder / PREDICTIONS),
        [cell for cell in cells if _name(cell) in lost],
    )


def _name(cell: CellRecord) -> tuple[str, ...]:
    return (cell.task, cell.teacher, cell.student, cell.method)


def _load_predictions(path: Path) -> dict[str, Predictions]:
    import pyarrow.parquet

    coded = ["key", "item"]  # read as numbers: fits of a task share their ids
    try:
        table = pyarrow.parquet.read_table(path, columns=[*coded, "picked", "gold"], read_dictionary=coded)
        (keys, names), (items, ids) = (_codes(table.column(name)) for name in coded)
        picked, gold = (table.column(name).to_numpy() for name in ("picked", "gold"))
    except Exception as error:
        raise StoreError(
            f"cannot be read ({error})",
            where=str(path),
            expected="the predictions of a run",
            mend="run the suite again: finished fits are not repeated",
        ) from None
    order = np.argsort(keys, kind="stable")
    keys, items, picked, gold = keys[order], items[order], picked[order], gold[order]
    shared: dict[bytes, tuple[str, ...]] = {}
    found = {}
    for part in np.split(np.arange(len(keys)), np.flatnonzero(np.diff(keys)) + 1) if len(keys) else ():
        listed = items[part]
        told = shared.get(listed.tobytes()) or tuple(ids[k] for k in listed.tolist())
        shared[listed.tobytes()] = told
        correct = (picked[part] == gold[part]).astype(np.uint8)
        found[names[int(keys[part[0]])]] = Predictions(told, correct, picked[part])
    return found


def _codes(column: Any) -> tuple[NDArray[np.int64], list[str]]:
    """A column of texts as places in the list of its texts."""
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole if hasattr(whole, "indices") else whole.chunk(0)
    return whole.indices.to_numpy().astype(np.int64), whole.dictionary.to_pylist()
