"""Names of new methods and tasks, and files that overwrite nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from w2s_bench.errors import UserError
from w2s_bench.store.local import write_text


def words_of(name: str, kind: str, example: str) -> list[str]:
    """The words of a name such as ``sharp-labels`` or ``SharpLabels``. Errors: UserError for a bad name."""
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name))
    if not words or not words[0][0].isalpha() or not re.fullmatch(r"[A-Za-z0-9_ -]+", name):
        raise UserError(
            f"{name!r} is no name for a {kind}",
            expected="letters, digits and hyphens, a letter first",
            mend=f"w2s-bench new {kind} {example}",
        )
    return words


def write_new(texts: Mapping[Path, str]) -> list[Path]:
    """Write new files; return their paths. Errors: UserError before any is written where one exists."""
    for path in texts:
        if path.exists():
            raise UserError(
                "the file already exists",
                where=str(path),
                expected="a name that is free",
                mend="choose another name, or another folder with --out",
            )
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)
