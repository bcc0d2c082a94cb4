"""The normalised form of Python code that enters content keys.

It leaves out docstrings, comments, formatting, the place of imports, and the location of our own modules: an
import counts by the names that it binds. Where a place decides what a name means, it counts: an import in a
branch, and imports that bind one name in turn. Everything else stays: operators, constants, names, defaults,
annotations. Unlike :func:`ast.dump`, it is the same under every supported Python.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from threading import Lock
from typing import TypeGuard

# Python 3.11's parser shares one depth counter among threads: if a garbage collection hook lets another
# thread parse in between, both raise SystemError.
_PARSING = Lock()
_WITHOUT_MEANING = {"ctx", "kind", "type_comment", "lineno", "col_offset", "end_lineno", "end_col_offset"}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def parse(text: str) -> ast.Module:
    """The syntax tree of a module, parsed by one thread at a time. Errors: SyntaxError, ValueError."""
    with _PARSING:
        return ast.parse(text)


def code_form(text: str, own: str = "w2s_bench") -> str:
    """The form of a module's code. ``own``: the top-level package whose modules may move without a new form.
    Errors: SyntaxError, ValueError."""
    return form_of(parse(text), own)


def form_of(tree: ast.Module, own: str = "w2s_bench") -> str:
    """The form of a syntax tree; see :func:`code_form`."""
    nodes = sorted(filter(_is_import, ast.walk(tree)), key=lambda node: (node.lineno, node.col_offset))
    bindings = list(dict.fromkeys(binding for node in nodes for binding in _bindings(node, own)))
    names = Counter(binding.rpartition(" as ")[2] for binding in bindings)
    in_turn = [binding for binding in bindings if names[binding.rpartition(" as ")[2]] > 1]
    return "\n".join([*sorted(bindings), *in_turn, _dump(tree, own)])


def _is_import(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom]:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _bindings(node: ast.AST, own: str) -> Iterator[str]:
    """The names that an import statement binds, with the module for code that is not ours."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield f"import {alias.name} as {alias.asname or alias.name.partition('.')[0]}"
    elif isinstance(node, ast.ImportFrom):
        ours = node.level > 0 or (node.module or "").partition(".")[0] == own
        for alias in node.names:
            home = "" if ours else f" of {node.module}"
            yield f"from{home} import {alias.name} as {alias.asname or alias.name}"


def _dump(value: object, own: str) -> str:
    """A node as its type and its meaningful fields in parentheses."""
    if isinstance(value, list):
        return "[" + ",".join(_dump(part, own) for part in value) + "]"
    if isinstance(value, ast.AST) and _is_import(value):
        return f"[{','.join(_bindings(value, own))}]"
    if isinstance(value, ast.Constant):
        return f"{type(value.value).__name__}:{value.value!a}"
    if not isinstance(value, ast.AST):
        return ascii(value)
    fields = []
    for name in value._fields:
        part = getattr(value, name, None)
        if name == "body" and isinstance(value, _DOCUMENTED) and isinstance(part, list):
            part = _without_docstring(part)
        if isinstance(part, list):
            part = [child for child in part if not _is_noise(child, value)]
        if name not in _WITHOUT_MEANING and part is not None and part != []:
            fields.append(f"{name}={_dump(part, own)}")
    return f"{type(value).__name__}({','.join(fields)})"


def _is_noise(node: object, parent: ast.AST) -> bool:
    """Whether a node is an import, which the head of the form lists, unless it is in a branch; a ``pass``,
    which may replace a docstring; or an empty piece of an f-string, which Python 3.12 adds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return isinstance(parent, _DOCUMENTED) or (
            isinstance(parent, ast.If) and ast.unparse(parent.test).endswith("TYPE_CHECKING")
        )
    empty = isinstance(parent, ast.JoinedStr) and isinstance(node, ast.Constant) and node.value == ""
    return isinstance(node, ast.Pass) or empty


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if documented and isinstance(first.value.value, str) else body  # type: ignore[union-attr]
