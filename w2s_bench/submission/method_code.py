"""The code of a submitted method: its name and hash, and the text of a file that is not registered."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from w2s_bench.errors import UserError
from w2s_bench.records import RunInfo
from w2s_bench.registry.items import items
from w2s_bench.registry.load import OWN, is_own
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.submission.archive import CODE, LARGEST
from w2s_bench.suite import Suite


@dataclass(frozen=True, slots=True)
class Code:
    """Name and hash of a method's code; ``text`` only of a file that is not registered."""

    name: str
    hash: str
    text: bytes | None = None


def code_of(label: str, suite: Suite, info: RunInfo) -> Code:
    """The code of the method that tables call ``label``. Errors: UserError for a file that is missing or was
    changed after the run."""
    name = _name(label, suite, info)
    if is_own(name):
        return _own(name, info)
    return Code(name, source_hash("method", name))


def _name(label: str, suite: Suite, info: RunInfo) -> str:
    """The method's name, from the suite, the command line of the run, or the label without options."""
    named = {use.label or use.name: use.name for use in suite.methods}
    words = shlex.split(info.command)
    for option, value in pairwise(words):
        file, _, rest = value.rpartition(OWN)
        if option == "--method" and file:
            named[f"{Path(file).name}.py:{rest}"] = f"{file}.py:{rest}"
    name = named.get(label, label)
    return name if name in items("method") or is_own(name) else name.partition(" (")[0]


def _own(name: str, info: RunInfo) -> Code:
    path = Path(name.rpartition(":")[0])
    try:
        text, now = path.read_bytes(), source_hash("method", name)
    except OSError as error:
        raise UserError(
            f"the method's file cannot be read ({error.strerror})",
            where=str(path),
            expected="the file that the run was made with",
            mend="submit from the folder that the run was started in",
        ) from None
    if now != info.own_code.get(name):
        problem = "was changed after the run" if name in info.own_code else "is not recorded in run.json"
        raise UserError(
            f"the method's file {problem}",
            where=str(path),
            expected="the code that the run was made with",
            mend="run the suite again: fits of unchanged code are not repeated",
        )
    if len(text) > LARGEST[CODE]:
        raise UserError(f"{len(text)} bytes of code", where=str(path), expected=f"at most {LARGEST[CODE]}")
    return Code(f"{path.name}:{name.rpartition(':')[2]}", hashlib.sha256(text).hexdigest(), text)
