"""The reader of bundles' Parquet against Arrow's: equal on what is well formed, a ValueError on all else."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from support.bundle_mutations import flip_bits, splice, truncate

from w2s_bench.submission.parquet_reader import INT32, TEXT, columns
from w2s_bench.submission.predictions import write

WANTED = {"key": TEXT, "item": TEXT, "picked": INT32}


def parquet(rows: int, distinct: int, top: int, **how: Any) -> tuple[bytes, dict[str, list[Any]]]:
    """A file of random columns, and what is in it."""
    rng = Random(f"{rows} {distinct} {top}")
    values: dict[str, list[Any]] = {
        "key": [f"k{rng.randrange(max(1, distinct // 10))}" for _ in range(rows)],
        "item": [f"é{rng.randrange(distinct)}" for _ in range(rows)],
        "picked": [rng.randrange(top) for _ in range(rows)],
    }
    fields = [
        pyarrow.field(n, pyarrow.string() if t == TEXT else pyarrow.int16(), False) for n, t in WANTED.items()
    ]
    out = io.BytesIO()
    table = pyarrow.table([*values.values()], schema=pyarrow.schema(fields))
    pyarrow.parquet.write_table(table, out, compression="none", **how)
    return out.getvalue(), values


@pytest.mark.parametrize(
    ("rows", "distinct", "top", "how"),
    [
        (1, 1, 1, {}),
        (7, 3, 2, {}),
        (1000, 10, 1, {}),
        (5000, 300, 218, {}),
        (30_000, 30_000, 4000, {}),
        (30_000, 25_000, 4000, {"dictionary_pagesize_limit": 1000}),  # falls back to plain values
        (50_000, 100, 30, {"data_page_size": 500}),
        (500, 20, 5, {"use_dictionary": False}),
        (500, 20, 5, {"write_statistics": True, "store_schema": True}),
        (500, 20, 5, {"write_page_checksum": True, "write_page_index": True}),
    ],
)
def test_it_reads_what_arrow_writes(rows: int, distinct: int, top: int, how: dict[str, Any]) -> None:
    data, values = parquet(rows, distinct, top, **how)
    found = columns(data, WANTED, rows)
    assert {name: found[name].tolist() for name in WANTED} == values


def test_arrow_reads_what_bundles_hold() -> None:
    picked = {"b" * 32: np.arange(3), "a" * 32: np.array([2, 2, 0])}
    items = dict.fromkeys(picked, ("x", "y", "z"))
    data = write(picked, items)
    table = pyarrow.parquet.read_table(io.BytesIO(data))
    assert table.column("picked").to_pylist() == [2, 2, 0, 0, 1, 2]
    assert columns(data, WANTED, 6)["key"].tolist() == table.column("key").to_pylist()
    assert data == write(dict(reversed(picked.items())), items)


@pytest.mark.parametrize(
    "how", [{}, {"data_page_version": "2.0"}, {"row_group_size": 50}, {"version": "1.0"}]
)
def test_broken_files_are_value_errors_and_nothing_else(how: dict[str, Any]) -> None:
    data, values = parquet(200, 20, 5, **how)
    for i in range(600):
        rng = Random(i)
        broken = rng.choice((flip_bits, truncate, splice))(rng, data)
        try:
            found = columns(broken, WANTED, 200)
        except ValueError:
            continue
        assert {len(found[name]) for name in WANTED} == {200}
    assert values


def test_what_is_asked_for_decides() -> None:
    data, _ = parquet(10, 3, 2)
    for wanted, rows in (
        (WANTED, 11),
        ({"key": TEXT, "item": TEXT}, 10),
        ({"item": TEXT, "key": TEXT, "picked": INT32}, 10),
        (WANTED | {"picked": TEXT}, 10),
    ):
        with pytest.raises(ValueError):
            columns(data, wanted, rows)
