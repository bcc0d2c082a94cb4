"""The JSON of every verb keeps its fields and their types: scripts read it.

``golden/json-shapes.json`` holds the shapes. After an intended change write them again:
``PYTHONPATH=tests python -m cli.test_json_shapes``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.commands import SUITE, strict, w2s

ROOT = Path(__file__).parents[1]
SHAPES = ROOT / "golden" / "json-shapes.json"
Shape = Any


def shape(value: Any) -> Shape:
    """A document with type names in place of values, and one element for all of a list."""
    if isinstance(value, dict):
        return {key: shape(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [merged([shape(element) for element in value])]
    return "null" if value is None else type(value).__name__


def merged(shapes: list[Shape]) -> Shape:
    """One shape for the elements of a list: fields of all, alternatives joined by a bar."""
    if all(isinstance(s, dict) for s in shapes):
        keys = sorted({key for s in shapes for key in s})
        return {key: merged([s[key] for s in shapes if key in s]) for key in keys}
    if all(isinstance(s, list) for s in shapes):
        return [merged([element for s in shapes for element in s])]
    flat = {json.dumps(s) if not isinstance(s, str) else s for s in shapes}
    return "|".join(sorted({part for s in flat for part in s.split("|")}))


def documents(folder: Path) -> Iterator[tuple[str, Any]]:
    """What each verb prints of a small run, by the verb."""
    (folder / "tiny.toml").write_text(SUITE)
    suite, store, out = folder / "tiny.toml", folder / "store", folder / "out"
    bundle = out / "bundles"
    verbs: dict[str, tuple[Any, ...]] = {
        "run": ("run", suite, "--store", store, "--out", out, "--workers", "1"),
        "plan": ("plan", suite, "--store", store),
        "report": ("report", out),
        "compare": ("compare", out, out),
        "list tasks": ("list", "tasks"),
        "list methods": ("list", "methods"),
        "list models": ("list", "models"),
        "list suites": ("list", "suites"),
        "show task": ("show", "nlp/polarity-generated"),
        "show method": ("show", "confidence"),
        "show model": ("show", "zoo:text/32x1"),
        "show suite": ("show", "quick"),
        "check method": ("check", "method", "naive"),
        "check task": ("check", "task", "nlp/polarity-generated"),
        "check intervals": ("check", "intervals", "--runs", "10", "--items", "40"),
        "doctor": ("doctor", "--store", store),
        "store list": ("store", "list", "--store", store),
        "store verify": ("store", "verify", "--store", store),
        "zoo list": ("zoo", "list"),
        "submit": ("submit", out, "--out", bundle / "naive.zip", "--method", "naive"),
    }
    for name, words in verbs.items():
        result = w2s(*words, "--json")
        assert result.exit_code == 0, (name, result.output)
        yield name, strict(result.stdout)


def test_documents_have_the_shapes_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = json.loads(SHAPES.read_text("utf8"))
    for name, document in documents(tmp_path):
        assert shape(document) == expected[name], name


if __name__ == "__main__":
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)
        shapes = {name: shape(document) for name, document in documents(Path(temporary))}
    SHAPES.write_text(json.dumps(shapes, indent=1, sort_keys=True) + "\n")
