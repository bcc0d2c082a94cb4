"""Compressed JSON-lines files that are either complete or absent."""

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path


def read_shard(path: Path) -> list[dict]:
    """Read all records of a shard."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_shard(path: Path, records: Iterable[dict]) -> None:
    """Write a shard under a temporary name, then rename it: no reader sees half of it.

    The gzip header carries no time and no name, so equal records make equal files.
    """
    text = "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
    os.replace(partial, path)
