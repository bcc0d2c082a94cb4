"""A standard written down: the keys and the gold of one suite version, to judge its bundles for ever.

``standard.json`` (suite text, methods), ``cells.jsonl`` and ``tests.parquet`` (task, item, gold, options).
It holds no text of any data set, and needs neither the hub nor the code of its day to be read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from w2s_bench.errors import StoreError, UserError
from w2s_bench.records import CellRecord, canonical_json, dump_lines, load_lines
from w2s_bench.store.local import atomic_file, write_text
from w2s_bench.submission.standard import Standard, Test
from w2s_bench.suite import parse_suite

HEAD, CELLS, TESTS = "standard.json", "cells.jsonl", "tests.parquet"
SCHEMA = 1


def write_standard(folder: Path, standard: Standard) -> None:
    """Write a standard; equal ones give equal bytes."""
    import pyarrow
    import pyarrow.parquet

    tests = standard.tests
    columns = {
        "task": [task for task, test in tests.items() for _ in test.items],
        "item": [item for test in tests.values() for item in test.items],
        "gold": np.concatenate([test.gold for test in tests.values()]).astype(np.int16),
        "options": np.concatenate([test.options for test in tests.values()]).astype(np.int16),
    }
    head = {
        "schema_version": SCHEMA,
        "suite_toml": standard.toml,
        "methods": {label: list(pair) for label, pair in standard.methods.items()},
    }
    write_text(folder / CELLS, dump_lines(standard.cells.values()))
    with atomic_file(folder / TESTS) as draft:
        pyarrow.parquet.write_table(pyarrow.table(columns), draft, compression="zstd")
    write_text(folder / HEAD, canonical_json(head) + "\n")


def read_standard(folder: Path) -> Standard:
    """Read a standard. Errors: StoreError for a folder that holds none, or a damaged one."""
    try:
        head = json.loads((folder / HEAD).read_text("utf8"))
        if head["schema_version"] != SCHEMA:
            raise ValueError(f"field 'schema_version': {head['schema_version']!r:.40}")
        methods = {str(label): (str(name), str(code)) for label, (name, code) in head["methods"].items()}
        toml, tests = str(head["suite_toml"]), _read_tests(folder / TESTS)
    except UserError:
        raise
    except Exception as error:  # Arrow raises what its parts raise on broken bytes
        raise StoreError(
            f"cannot be read ({type(error).__name__}: {error})",
            where=str(folder),
            expected=f"a folder with {HEAD}, {CELLS} and {TESTS} of schema {SCHEMA}",
            mend="write it again: w2s-bench board gold SUITE --out DIR",
        ) from None
    cells: list[CellRecord] = load_lines(CellRecord, folder / CELLS)
    keyed = {((c.task, c.teacher, c.student), c.method, c.seed): c for c in cells}
    return Standard(parse_suite(toml, f"{folder}/{HEAD}"), toml, keyed, methods, tests)


def _read_tests(path: Path) -> dict[str, Test]:
    import pyarrow.parquet

    frame: Any = pyarrow.parquet.read_table(path).to_pandas()
    return {
        str(task): Test(
            tuple(part["item"]),
            part["gold"].to_numpy().astype(np.int64),
            part["options"].to_numpy().astype(np.int64),
        )
        for task, part in frame.groupby("task", sort=False)
    }
