"""The form of Python code that content keys are made of: what it does, not how it is written.

Docstrings, comments, formatting and the place of imports are left out, and so is where our own modules live:
an import counts by the names that it brings. Everything else stays: operators, constants, names, defaults,
annotations. The form is the same under every Python that the package supports, which :func:`ast.dump` is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from threading import Lock

# Python 3.11's parser counts its depth for all threads together: where a hook on the collection of garbage
# lets another thread parse in between, both end in a SystemError.
_PARSING = Lock()
_WITHOUT_MEANING = {"ctx", "kind", "type_comment", "lineno", "col_offset", "end_lineno", "end_col_offset"}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def parse(text: str) -> ast.Module:
    """The syntax tree of a module, parsed by one thread at a time. Errors: SyntaxError, ValueError."""
    with _PARSING:
        return ast.parse(text)


def code_form(text: str, own: str = "w2s_bench") -> str:
    """The form of a module's code. ``own``: the top-level package whose modules may move without a new form.

    Errors: SyntaxError, ValueError.
    """
    return form_of(parse(text), own)


def form_of(tree: ast.Module, own: str = "w2s_bench") -> str:
    """The form of code that is parsed already."""
    brought = sorted({name for node in ast.walk(tree) for name in _brought(node, own)})
    return "\n".join([*brought, _dump(tree)])


def _brought(node: ast.AST, own: str) -> Iterator[str]:
    """What an import statement brings: a name each, with the module for code that is not ours."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield f"import {alias.name} as {alias.asname or alias.name.partition('.')[0]}"
    elif isinstance(node, ast.ImportFrom):
        ours = node.level > 0 or (node.module or "").partition(".")[0] == own
        for alias in node.names:
            home = "" if ours else f" of {node.module}"
            yield f"from{home} import {alias.name} as {alias.asname or alias.name}"


def _dump(value: object) -> str:
    """A node as its kind and those of its fields that say something, in parentheses."""
    if isinstance(value, list):
        return "[" + ",".join(_dump(one) for one in value) + "]"
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
            part = [one for one in part if not _says_nothing(one, value)]
        if name not in _WITHOUT_MEANING and part is not None and part != []:
            fields.append(f"{name}={_dump(part)}")
    return f"{type(value).__name__}({','.join(fields)})"


def _says_nothing(node: object, within: ast.AST) -> bool:
    """Imports, which stand at the head of the form; ``pass``, which may stand in for a docstring; and empty
    pieces of f-strings, which Python 3.12 adds."""
    empty = isinstance(within, ast.JoinedStr) and isinstance(node, ast.Constant) and node.value == ""
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Pass) or empty


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if documented and isinstance(first.value.value, str) else body  # type: ignore[union-attr]
