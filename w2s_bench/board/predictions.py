"""Per-item predictions as Parquet: one row a fit and test item, ``key``, ``item``, ``picked``; no gold.

Written without compression, so that a reader's memory is bounded by the size of the file and the number
of rows that the suite asks for; both are checked before a page is read.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.board.manifest import refused
from w2s_bench.records import content_key

COLUMNS = {"key": "BYTE_ARRAY", "item": "BYTE_ARRAY", "picked": "INT32"}
MOST_ROWS = 20_000_000


def answers_of(picked: NDArray[np.int16]) -> str:
    """The hash of what a fit picked ``[N]``: equal keys must have equal ones."""
    return content_key(["answers", picked.tolist()])


def items_of(items: Sequence[str]) -> str:
    """The hash of the ids of a test set in their order."""
    return content_key(["items", list(items)])


def write(picked: Mapping[str, NDArray[np.int16]], items: Mapping[str, Sequence[str]]) -> bytes:
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
        table, out, compression="none", store_schema=False, row_group_size=MOST_ROWS, write_statistics=False
    )
    return out.getvalue()


def read(data: bytes, items: Mapping[str, Sequence[str]], where: str) -> dict[str, NDArray[np.int16]]:
    """What each fit picked ``[N]``, where the file holds exactly the fits and ``items`` asked for, in the
    order of keys and of the test set. Errors: StoreError."""
    order = sorted(items)
    rows = sum(len(items[key]) for key in order)
    if rows > MOST_ROWS:
        raise refused(f"{rows} rows would be needed", where, f"at most {MOST_ROWS}")
    keys, ids, picked = _columns(data, rows, where)
    found, start = {}, 0
    for key in order:
        end = start + len(items[key])
        _same(keys.take(start, end), [key], key, "key", where)
        _same(ids.take(start, end), items[key], key, "item", where)
        found[key] = picked[start:end]
        start = end
    return found


class _Texts:
    """A column of texts: the distinct ones and, for each row, which of them ``[N]``."""

    def __init__(self, column: Any) -> None:
        self.words = np.array([*column.dictionary.to_pylist(), ""], dtype=object)
        self.rows = column.indices.to_numpy(zero_copy_only=False)

    def take(self, start: int, end: int) -> NDArray[np.object_]:
        """Texts of some rows."""
        return self.words[self.rows[start:end]]


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


def _columns(data: bytes, rows: int, where: str) -> tuple[_Texts, _Texts, NDArray[np.int16]]:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(
            pyarrow.BufferReader(data),
            read_dictionary=["key", "item"],
            pre_buffer=False,
            thrift_string_size_limit=1 << 20,
            thrift_container_size_limit=1 << 16,
            schema_depth_limit=4,
        )
        if problem := _shape(file, rows, len(data)):
            raise ValueError(problem)
        table = file.read(use_threads=False)
        table.validate(full=True)
        key, item, picked = (table.column(n).combine_chunks() for n in COLUMNS)
        if table.num_rows != rows or picked.null_count or key.null_count or item.null_count:
            raise ValueError("rows are missing")
        return _Texts(_dictionary(key)), _Texts(_dictionary(item)), picked.to_numpy(zero_copy_only=False)
    except Exception as error:  # Arrow raises what its parts raise on broken bytes
        told = " ".join(str(error).split())[:200]
        raise refused(
            f"cannot be read ({told})", where, f"plain Parquet with columns {', '.join(COLUMNS)}"
        ) from None


def _dictionary(column: Any) -> Any:
    import pyarrow

    chunk = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
    return chunk if isinstance(chunk, pyarrow.DictionaryArray) else chunk.dictionary_encode()


def _shape(file: Any, rows: int, size: int) -> str | None:
    """What is wrong with the file's footer, or None; nothing but the footer has been read."""
    meta, schema = file.metadata, file.schema
    columns = [schema.column(i) for i in range(min(len(schema), 8))]
    if {c.name: c.physical_type for c in columns} != COLUMNS or len(schema) != len(COLUMNS):
        return f"columns {[c.name[:20] for c in columns]}"
    if any(c.max_definition_level or c.max_repetition_level for c in columns):
        return "columns that may be empty or nested"
    if meta.num_rows != rows:
        return f"{meta.num_rows} rows, where the cells and their test sets need {rows}"
    if meta.num_row_groups != 1 or meta.row_group(0).num_rows != rows:
        return f"{meta.num_row_groups} row groups instead of one"
    for i in range(len(COLUMNS)):
        chunk = meta.row_group(0).column(i)
        if chunk.compression != "UNCOMPRESSED":
            return f"column {i} is compressed"
        if chunk.num_values != rows or not 0 <= chunk.total_uncompressed_size <= size:
            return f"column {i} does not have one value a row"
    return None
