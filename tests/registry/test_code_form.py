"""Content keys are made of what code does: any change of behaviour changes them, a change of words none."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from w2s_bench.registry.code_form import code_form, form_of
from w2s_bench.registry.items import Kind, held, items
from w2s_bench.registry.source_hash import source_hash, sources
from w2s_bench.sources import hash_code

KINDS: tuple[Kind, ...] = ("task", "method", "model")
OURS = [
    (kind, name)
    for kind in KINDS
    for name, item in items(kind).items()
    if item.module.startswith("w2s_bench.")
]
FILES = sorted({path for kind, name in OURS for path in sources(kind, name)})
TEXT = '''"""A module."""

from __future__ import annotations

from w2s_bench.method import Method, cross_entropy
from numpy import log

RATE = 0.5  # of the teacher


class Mine(Method):
    """A method."""

    empty = ["", "a"]

    def loss(self, logits, weak, mask, context, scale=1.0):
        """Its loss."""
        if context.step < 3:
            return cross_entropy(logits, weak) * scale
        return f"{RATE:.2f}{weak['a']}"
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A module."""', '"""Another\n\ndocstring."""'),
        ('    """A method."""\n', ""),
        ('        """Its loss."""\n', '        "Said otherwise."\n'),
        ("  # of the teacher", ""),
        ("RATE = 0.5", "RATE = (\n    0.5\n)"),
        ("RATE = 0.5", "RATE = 0.50"),
        ("w2s_bench.method import Method, cross_entropy", "w2s_bench.base import cross_entropy, Method"),
        ("import Method, cross_entropy\n", "import Method\nfrom w2s_bench.method import cross_entropy\n"),
        ("f\"{RATE:.2f}{weak['a']}\"", "f'{RATE:.2f}{weak[\"a\"]}'"),
        ("        if context.step < 3:\n", "\n\n        if (context.step < 3):\n"),
    ],
)  # fmt: skip
def test_words_change_nothing(old: str, new: str) -> None:
    assert old in TEXT
    assert code_form(TEXT.replace(old, new)) == code_form(TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RATE = 0.5", "RATE = 1"), ("scale=1.0", "scale=1"), ("scale=1.0", "scale=True"), ("< 3", "<= 3"),
        ("from numpy import log", "from math import log"), ("import log", "import log as ln"),
        ("from numpy import log", "try:\n    from numpy import log\nexcept ImportError:\n    log = None"),
        ('["", "a"]', '["a"]'), ('["", "a"]', '["a", ""]'), ("* scale", "+ scale"),
        ("context.step", "context.epoch"), ("class Mine(Method)", "class Mine"),
        (":.2f", ":.3f"), ("if context", "while context"),
        ("['a']", "['b']"), ("['a']", "[b'a']"), ("def loss", "async def loss"), ("0.5", "'0.5'"),
    ],
)  # fmt: skip
def test_behaviour_changes_the_form(old: str, new: str) -> None:
    assert old in TEXT
    assert code_form(TEXT.replace(old, new)) != code_form(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "from ast import dump as f\nfrom json import dumps as f\n",
        "try:\n    from a import f\nexcept ImportError:\n    from b import f\n",
        "if RATE:\n    import a as f\nelse:\n    import b as f\n",
    ],
)
def test_imports_in_turn_or_in_branches_count_by_their_order(text: str) -> None:
    lines = text.splitlines()
    imports = [k for k, line in enumerate(lines) if "import " in line]
    first, second = imports
    lines[first], lines[second] = lines[second], lines[first]
    assert code_form("\n".join(lines)) != code_form(text)


def test_a_name_of_another_content_module_is_another_hash(tmp_path: Path) -> None:
    """Two modules that an item reaches define one name: which of them it comes from counts."""
    for module, value in {"one": 1, "two": 2}.items():
        (tmp_path / f"{module}.py").write_text(f"VALUE = {value}\n")
    item = tmp_path / "item.py"

    def hash_of(text: str) -> str:
        item.write_text(text)
        with held():
            return source_hash("method", f"{item}:Mine")

    both = "import one, two\n"
    first = hash_of(both + "from one import VALUE\n")
    assert hash_of(both + "from two import VALUE\n") != first
    assert hash_of("from one import VALUE\n" + both) == first


def test_the_form_is_one_under_every_python() -> None:
    """Written down under 3.11; the same under 3.12 and 3.13, whose parsers differ in details."""
    assert hashlib.sha256(code_form(TEXT).encode()).hexdigest()[:16] == "7ebd1ea3ae71f428"


def without_docstrings(text: str) -> str:
    """Code that neither documents itself nor is formatted by hand."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body[:] = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def reworded(path: Path) -> str:
    """A file without docstrings, comments and its own formatting, whose imports stand in another order."""
    tree = ast.parse(without_docstrings(path.read_text("utf8")))
    future = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    imports = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom) and n not in future]
    rest = [n for n in tree.body if n not in imports and n not in future]
    tree.body = [*future, *reversed(imports), *rest]
    return "# Reworded.\n" + ast.unparse(tree)


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_rewording_a_file_of_ours_changes_no_form(path: Path) -> None:
    assert code_form(reworded(path)) == code_form(path.read_text("utf8"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_rewording_a_file_changes_no_source_of_generated_rows(path: Path, tmp_path: Path) -> None:
    """Sources whose rows a program makes have a hash of that program in their fingerprint."""
    copy = tmp_path / "reworded.py"
    copy.write_text(reworded(path), "utf8")
    assert hash_code([copy]) == hash_code([path])
    copy.write_text(path.read_text("utf8") + "\nEXTRA = 1\n", "utf8")
    assert hash_code([copy]) != hash_code([path])


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_changed_constant_or_operator_changes_the_form(path: Path) -> None:
    """All of a file, or two dozen places spread over a long one."""
    tree = ast.parse(without_docstrings(path.read_text("utf8")))
    whole = form_of(tree)
    places = [node for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.BinOp | ast.Compare)]
    for node in places[:: 1 + len(places) // 24]:
        with changed(node):
            assert form_of(tree) != whole, ast.unparse(node)


@contextmanager
def changed(node: ast.AST) -> Iterator[None]:
    """While this holds, a constant, operator or comparison is another one."""
    before = dict(vars(node))
    if isinstance(node, ast.Constant):
        node.value = f"{node.value}x" if isinstance(node.value, str) else (node.value, 1)  # type: ignore[assignment]
    elif isinstance(node, ast.BinOp):
        node.op = ast.Mod() if isinstance(node.op, ast.FloorDiv) else ast.FloorDiv()
    elif isinstance(node, ast.Compare):
        node.ops = [ast.IsNot() if isinstance(node.ops[0], ast.Is) else ast.Is(), *node.ops[1:]]
    yield
    vars(node).update(before)


def test_an_edit_reaches_only_the_items_that_import_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edited file changes the hashes of the items that it stands behind, and of no other."""
    from w2s_bench.registry import source_hash as hashing

    def hashes() -> dict[tuple[Kind, str], str]:
        with held():
            return {item: source_hash(*item) for item in OURS}

    before = hashes()
    files = {item: sources(*item) for item in OURS}
    behind = {path: {item for item in OURS if path in files[item]} for path in FILES}
    form = hashing._form
    for path in FILES[:: max(1, len(FILES) // 25)]:
        monkeypatch.setattr(hashing, "_form", lambda p, edited=path: form(p) + ("+" if p == edited else ""))
        now = hashes()
        assert {item for item in OURS if now[item] != before[item]} == behind[path], path
