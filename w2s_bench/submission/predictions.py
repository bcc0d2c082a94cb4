"""Per-item predictions as Parquet: ``key``, ``item`` and ``picked`` for each fit and test item; no gold.

The file is not compressed, so that its size and the number of rows of the suite bound a reader's memory. Any
reader of Parquet can open it.
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
    """The hash of the options that a fit picked ``[N]``; fits of equal keys must have equal hashes."""
    return content_key(["answers", picked.tolist()])


def items_of(items: Sequence[str]) -> str:
    """The hash of the ids of a test set in their order."""
    return content_key(["items", list(items)])


def write(picked: Mapping[str, NDArray[np.integer]], items: Mapping[str, Sequence[str]]) -> bytes:
    """Parquet of fits in the order of their keys; ``items`` are the test items of each fit ``[N]``."""
    import pyarrow
    import pyarrow.parquet

    order = sorted(picked)
    types = {"key": pyarrow.string(), "item": pyarrow.string(), "picked": pyarrow.int16()}
    fields = [pyarrow.field(name, kind, nullable=False) for name, kind in types.items()]
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
    """The options that each fit picked ``[N]``. Errors: StoreError unless the file holds exactly the fits and
    ``items`` given, in the order of keys and of the test set."""
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
    picked_by, start = {}, 0
    for key in order:
        end = start + len(items[key])
        _same(keys[start:end], [key], key, "key", where)
        _same(ids[start:end], items[key], key, "item", where)
        picked_by[key] = picked[start:end]
        start = end
    return picked_by


def _same(values: NDArray[np.object_], expected: Sequence[str], key: str, column: str, where: str) -> None:
    wrong = np.flatnonzero(values != np.asarray(expected, dtype=object))
    if len(wrong):
        row = int(wrong[0])
        right = expected[row] if len(expected) > 1 else expected[0]
        raise refused(
            f"column {column!r}: {str(values[row])[:40]!r} at item {row} of fit {key}",
            where,
            f"{right!r}: every fit of the cells, each with all test items of its task once, in order",
        )
