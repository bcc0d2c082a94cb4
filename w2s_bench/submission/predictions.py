"""Per-item predictions as Parquet: one row a fit and test item, ``key``, ``item``, ``picked``; no gold.

Written without compression, so that a reader's memory is bounded by the size of the file and the number
of rows that the suite asks for. Whoever has a bundle may open the file with any reader of Parquet.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from w2s_bench.records import content_key
from w2s_bench.submission.manifest import refused
from w2s_bench.submission.parquet_reader import INT32, TEXT, columns

COLUMNS = {"key": TEXT, "item": TEXT, "picked": INT32}
MOST_ROWS = 20_000_000


def answers_of(picked: NDArray[np.integer]) -> str:
    """The hash of what a fit picked ``[N]``: equal keys must have equal ones."""
    return content_key(["answers", picked.tolist()])


def items_of(items: Sequence[str]) -> str:
    """The hash of the ids of a test set in their order."""
    return content_key(["items", list(items)])


def write(picked: Mapping[str, NDArray[np.integer]], items: Mapping[str, Sequence[str]]) -> bytes:
    """Parquet of fits in the order of their keys; ``items`` are the test items of each fit ``[N]``."""
    import pyarrow
    import pyarrow.parquet

    order = sorted(picked)
    fields = [
        pyarrow.field("key", pyarrow.string(), nullable=False),
        pyarrow.field("item", pyarrow.string(), nullable=False),
        pyarrow.field("picked", pyarrow.int16(), nullable=False),
    ]
    columns = [
        [key for key in order for _ in items[key]],
        [item for key in order for item in items[key]],
        np.concatenate([picked[key] for key in order]).astype(np.int16),
    ]
    table = pyarrow.table(columns, schema=pyarrow.schema(fields))
    out = io.BytesIO()
    pyarrow.parquet.write_table(
        table,
        out,
        compression="none",
        store_schema=False,
        row_group_size=MOST_ROWS,
        write_statistics=False,
        data_page_version="1.0",
    )
    return out.getvalue()


def read(data: bytes, items: Mapping[str, Sequence[str]], where: str) -> dict[str, NDArray[np.int32]]:
    """What each fit picked ``[N]``, where the file holds exactly the fits and ``items`` asked for, in the
    order of keys and of the test set. Errors: StoreError."""
    order = sorted(items)
    rows = sum(len(items[key]) for key in order)
    if rows > MOST_ROWS:
        raise refused(f"{rows} rows would be needed", where, f"at most {MOST_ROWS}")
    try:
        table = columns(data, COLUMNS, rows)
    except ValueError as error:
        expected = f"plain Parquet with columns {', '.join(COLUMNS)}, as submit writes it"
        raise refused(f"cannot be read: {error}", where, expected) from None
    keys, ids, picked = (table[name] for name in COLUMNS)
    found, start = {}, 0
    for key in order:
        end = start + len(items[key])
        _same(keys[start:end], [key], key, "key", where)
        _same(ids[start:end], items[key], key, "item", where)
        found[key] = picked[start:end]
        start = end
    return found


def _same(there: NDArray[np.object_], wanted: Sequence[str], key: str, column: str, where: str) -> None:
    wrong = np.flatnonzero(there != np.asarray(wanted, dtype=object))
    if len(wrong):
        row = int(wrong[0])
        right = wanted[row] if len(wanted) > 1 else wanted[0]
        raise refused(
            f"column {column!r}: {str(there[row])[:40]!r} at item {row} of fit {key}",
            where,
            f"{right!r}: every fit of the cells, each with all test items of its task once, in order",
        )
