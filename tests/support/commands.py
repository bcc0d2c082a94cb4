"""The command line as tests call it: a suite of seconds, a verb in this process, what it must say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from w2s_bench.cli.main import main

SUITE = """# A suite of seconds
name = "tiny"
version = 1
seeds = [0, 1]
methods = ["naive", "confidence"]
data = { teacher = 30, transfer = 30, validation = 5, test = 25 }
training = { epochs = 1, max_length = 48 }

[[grid]]
tasks = ["nlp/polarity-generated"]
models = [{ name = "bow", learning_rate = 0.05 }, "llama:16x1"]
"""


def strict(text: str) -> Any:
    """One JSON document; NaN and Infinity, which Python's own parser takes, are none."""

    def refuse(token: str) -> Any:
        raise AssertionError(f"{token} is not JSON")

    return json.loads(text, parse_constant=refuse)


def w2s(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def well(*arguments: object) -> Result:
    done = w2s(*arguments)
    assert done.exit_code == 0, done.stderr
    return done


def suite_of(folder: Path, **changes: str) -> Path:
    """The tiny suite with some of its texts replaced."""
    text = SUITE.replace("seeds = [0, 1]", "seeds = [0]")
    for old, new in changes.items():
        before = {
            "task": '"nlp/polarity-generated"',
            "model": '"llama:16x1"',
            "method": '"confidence"',
            "line": "version = 1",
        }[old]
        assert before in text
        text = text.replace(before, new)
    path = folder / "bad.toml"
    path.write_text(text)
    return path


def refused(result: Result, words: list[str], folder: Path) -> str:
    """Exit status 2, nothing on standard output, one line of error, nothing half-written."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = [ln for ln in result.stderr.splitlines() if not ln.startswith("[") and " to run" not in ln]
    assert len(lines) == 1 and lines[0].startswith("w2s-bench: "), result.stderr
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"
    assert not (folder / "out").exists()
    assert not list(folder.rglob(".draft-*"))
    return lines[0]
