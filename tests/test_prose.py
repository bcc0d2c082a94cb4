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
# Names of modules and classes of the first edition that meant nothing to a stranger.
OLD = set((ROOT / "tests" / "golden" / "first-edition-names.txt").read_text("utf8").split())
RIGHT_IN_THEIR_ROOM = {"w2s_bench/pgr/cells.py", "w2s_bench/world/words.py"}


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the product by its path."""
    paths = [
        path for folder in ("w2s_bench", "tasks", "benchmarks") for path in (ROOT / folder).rglob("*.py")
    ]
    return {str(p.relative_to(ROOT)): ast.parse(p.read_text("utf8"), str(p)) for p in sorted(paths)}


def test_no_module_or_class_has_a_name_of_the_first_edition() -> None:
    """Studies in benchmarks/ keep theirs."""
    for path, module in sources().items():
        if not path.startswith("benchmarks"):
            classes = {n.name for n in ast.walk(module) if isinstance(n, ast.ClassDef)}
            assert path in RIGHT_IN_THEIR_ROOM or not {Path(p).stem for p in Path(path).parts} & OLD
            assert not classes & OLD, path


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
