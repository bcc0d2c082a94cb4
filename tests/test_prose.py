"""Names and docstrings: the field's own words, no private ones, and no docstring that says nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHORTEST = 5  # words of a public docstring
VAGUE = {"told", "found", "kept"}  # no names of locals: what is it that was found?
# Modules and classes of the first edition, each by the room where its name meant nothing to a stranger.
OLD_MODULES = {
    *("line", "excluded", "ridge", "schemas", "cells", "facts", "coverage", "rundir", "pool", "once", "sample"),
    *("store_remote", "keeping", "owner", "published", "views", "display", "pages", "author", "new_task"),
    *("own", "verbs", "harness", "references", "extras", "added", "estimate", "order", "feed", "micro"),
    *("sameness", "sharded", "hidden", "encoded", "pieces", "ends", "diary", "remembered", "lesson", "notes"),
    *("pupil", "study", "teachers", "crew", "libraries", "claims", "brief", "unfinished", "unchanged", "steps"),
    *("footprint", "sealed", "code", "parquet", "thrift", "shelf", "changes", "fresh", "verb", "shown"),
    *("look", "league", "panels", "frame", "samples", "answers", "predictors", "summary", "space", "say"),
    *("judges", "drawn", "guesses", "words", "tokens", "copies", "gap", "crossed", "contrast", "labels"),
    *("places", "muon", "position", "reach", "prepare", "objective"),
}
OLD_CLASSES = {
    *("Pupil", "Lesson", "Learned", "Diary", "Crew", "Claims", "Turn", "LookJob", "Where", "Site", "Pool", "Row"),
    *("Shelved", "_Way", "_How", "_Block"),
}


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the product by its path."""
    paths = [path for folder in ("w2s_bench", "tasks", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    return {str(p.relative_to(ROOT)): ast.parse(p.read_text("utf8"), str(p)) for p in sorted(paths)}


def test_no_module_or_class_has_a_name_of_the_first_edition() -> None:
    parts = {Path(part).stem for path in sources() for part in Path(path).parts}
    classes = {n.name for t in sources().values() for n in ast.walk(t) if isinstance(n, ast.ClassDef)}
    assert parts & OLD_MODULES == set() and classes & OLD_CLASSES == set()


def _locals(tree: ast.Module) -> Iterator[ast.Name | ast.arg]:
    """Arguments and assigned names; fields of classes, which documents may show, are none."""
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    fields = {id(s.target) for node in classes for s in node.body if isinstance(s, ast.AnnAssign)}
    for node in ast.walk(tree):
        if id(node) in fields:
            continue
        if isinstance(node, ast.arg) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)):
            yield node


@pytest.mark.parametrize("path", sources())
def test_no_local_is_named_by_what_happened_to_it(path: str) -> None:
    names = [(n.arg if isinstance(n, ast.arg) else n.id, n.lineno) for n in _locals(sources()[path])]
    vague = [f"{path}:{line}: {name}" for name, line in names if name in VAGUE]
    assert not vague, "use a noun"


def _public(tree: ast.Module) -> Iterator[tuple[str, ast.Module | ast.ClassDef | ast.FunctionDef]]:
    """The module, its public functions and classes, and their public methods."""
    yield "module", tree
    todo: list[ast.stmt] = [*tree.body]
    for node in todo:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            todo += node.body if isinstance(node, ast.ClassDef) else ()


@pytest.mark.parametrize("path", sources())
def test_no_public_docstring_is_too_short_to_say_anything(path: str) -> None:
    short = []
    for name, node in _public(sources()[path]):
        docstring = ast.get_docstring(node)
        if docstring is not None and len(docstring.split()) < SHORTEST:
            line = getattr(node, "lineno", 1)
            short.append(f"{path}:{line}: {name}: {docstring!r}")
    assert not short
