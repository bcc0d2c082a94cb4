"""Rows of a user's CSV, JSON-lines or Parquet file, and only the columns that the task names."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_bench.errors import BadData
from w2s_bench.sources import Row, hash_code

LONGEST_FIELD = 2**31 - 1  # characters; csv's own limit is 131,072
SPLITS = ("train", "test")


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetSource:
    """Rows of ``file``; the test set is ``test_file``, or the rows whose column ``split`` says test."""

    file: Path
    columns: tuple[str, ...]
    test_file: Path | None = None
    split: str | None = None

    def has(self, split: str) -> bool:
        return split == "train" or (split == "test" and bool(self.test_file or self.split))

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        """The rows of a split. Errors: BadData for a missing file or column, or no rows."""
        path = self.test_file if split == "test" and self.test_file else self.file
        columns = tuple(dict.fromkeys([*self.columns, *([self.split] if self.split else [])]))
        rows = [row for row in _read(path, columns) if self._in_split(row, split, path)]
        if not rows:
            raise BadData(f"no rows for split {split!r}", where=str(path), expected="at least one row")
        return [{name: row[name] for name in self.columns} for row in rows]

    def fingerprint(self, mirror: Path | None) -> str:
        paths = [p for p in (self.file, self.test_file) if p]
        for path in paths:
            _exists(path)
        return f"sheet:{hash_code(paths)}:{self.split}"

    def _in_split(self, row: Row, split: str, path: Path) -> bool:
        if not self.split:
            return True
        if row[self.split] not in SPLITS:
            raise BadData(
                f"column {self.split!r} says {row[self.split]!r}",
                where=str(path),
                expected="train or test in every row",
                mend="correct that column, or leave the key 'split' out of the task's file",
            )
        return bool(row[self.split] == split)


def _read(path: Path, columns: tuple[str, ...]) -> Sequence[Row]:
    _exists(path)
    readers: dict[str, Callable[[Path, tuple[str, ...]], Sequence[Row]]]
    readers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    if path.suffix not in readers:
        raise BadData(
            f"unknown kind of file {path.suffix!r}", where=str(path), expected=f"one of {', '.join(readers)}"
        )
    try:
        return readers[path.suffix](path, columns)
    except BadData:
        raise
    except UnicodeDecodeError as error:
        raise BadData(f"not UTF-8 ({error})", where=str(path), mend="save the file as UTF-8") from None
    except Exception as error:  # whatever csv and pyarrow say of a damaged file
        raise BadData(
            f"cannot be read ({error})", where=str(path), expected=f"a {path.suffix} file"
        ) from None


def _exists(path: Path) -> None:
    if not path.is_file():
        raise BadData(
            "no such data file",
            where=str(path),
            expected="a path beside the task's file",
            mend="correct 'file'",
        )


def _csv(path: Path, columns: tuple[str, ...]) -> Sequence[Row]:
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        _have(path, columns, reader.fieldnames or [])
        return [{name: row[name] for name in columns} for row in reader]


def _jsonl(path: Path, columns: tuple[str, ...]) -> Sequence[Row]:
    rows = list(_objects(path))
    _have(path, columns, list({key for row in rows for key in row}) if rows else columns)
    return [{name: row.get(name) for name in columns} for row in rows]


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadData(
                    f"no JSON ({error})", where=f"{path}:{number}", mend="correct that line"
                ) from None
            if not isinstance(value, dict):
                raise BadData(
                    f"{type(value).__name__}, no object",
                    where=f"{path}:{number}",
                    expected='{"column": value}',
                )
            yield value


def _parquet(path: Path, columns: tuple[str, ...]) -> Sequence[Row]:
    import pyarrow.parquet

    _have(path, columns, pyarrow.parquet.read_schema(path).names)
    rows: list[Row] = pyarrow.parquet.read_table(path, columns=list(columns)).to_pylist()
    return rows


def _have(path: Path, columns: Sequence[str], present: Sequence[str]) -> None:
    if missing := [c for c in columns if c not in present]:
        raise BadData(
            f"column {missing[0]!r} is missing",
            where=str(path),
            expected=f"columns {', '.join(columns)}; found {', '.join(sorted(present)) or 'none'}",
            mend="correct the column's name in the task's file",
        )
