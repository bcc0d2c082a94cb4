"""The hash of an item's code for content keys: its own file and the content modules that it imports.

Content is the item's own package (for an unregistered file: its folder), the world that texts are drawn from,
and the tools that methods share. The core is left out: it has versions of its own in the keys.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from w2s_bench.errors import UserError
from w2s_bench.registry.code_form import code_form, parse
from w2s_bench.registry.items import Kind, find, once
from w2s_bench.registry.load import is_own, is_toml, toml_reader

PRODUCT = "w2s_bench"
CONTENT = tuple(f"{PRODUCT}.{kind}s" for kind in ("task", "method", "model"))
SHARED_CONTENT = (f"{PRODUCT}.world", f"{PRODUCT}.method_tools")  # what several kinds of items are made of
_KINDS_ROOM = re.compile(rf"{PRODUCT}\.(tasks|methods|models|data\.toml_task)")
REMEMBERED = 2_000  # texts whose form and imports are kept in memory

Roots = Mapping[str, Path]  # packages and modules that are followed, by name: their folder or file


def source_hash(kind: Kind, name: str) -> str:
    """SHA-256 (16 digits) of the form of an item's code, and of ``Name`` in ``path/to/file.py:Name``.

    It is part of every content key. Docstrings, comments, formatting and the places of modules do not change
    it: see :func:`.code_form`. Errors: UnknownName; UserError for code that cannot be read.
    """
    return once(_source_hash, kind, name)


def _source_hash(kind: Kind, name: str) -> str:
    own_name = name.rpartition(":")[2] if is_own(name) else ""
    digest = hashlib.sha256(own_name.encode())
    modules, roots = _modules(kind, name)
    toml = [Path(name)] if is_toml(kind, name) else []
    files = [*map(_form, toml), *(_form_in_place(module, path, roots) for module, path in modules.items())]
    for form in sorted(files):
        digest.update(b"\0" + form.encode())
    return digest.hexdigest()[:16]


def _form_in_place(module: str, path: Path, roots: Roots) -> str:
    """The form of a file, and which file each name that it imports from content comes from.

    Two modules may define one name; the files are told apart by their forms, so that they may move.
    """
    origins = set()
    with _readable(path):
        text = path.read_text("utf8")
        for base, imported in _imported(text, _package(module, path)):
            source = _file(f"{base}.{imported}", roots) or _file(base, roots)
            if source is not None:
                origins.add(f"{imported} of {hashlib.sha256(_form(source).encode()).hexdigest()}")
    return "\n".join([_form(path), *sorted(origins)])


def _form(path: Path) -> str:
    """The form of a file's code, or the values of its TOML."""
    with _readable(path):
        text = path.read_text("utf8")
        if path.suffix == ".toml":
            return json.dumps(tomllib.loads(text), sort_keys=True, default=str)
        return _code_form(text)


_code_form = lru_cache(REMEMBERED)(code_form)


def sources(kind: Kind, name: str) -> list[Path]:
    """The files in an item's :func:`source_hash`, its own first; for a TOML task also its reader's code."""
    toml = [Path(name)] if is_toml(kind, name) else []
    return list(dict.fromkeys([*toml, *_modules(kind, name)[0].values()]))


def _modules(kind: Kind, name: str) -> tuple[dict[str, Path], Roots]:
    """The modules in an item's hash by name, its own (or its reader's) first, and their roots."""
    if is_own(name) and not is_toml(kind, name):
        path = Path(name.rpartition(":")[0]).resolve()
        module, roots = path.stem, {"": path.parent, **_content()}
    else:
        module = (toml_reader(kind) if is_toml(kind, name) else find(kind, name)).module
        roots = dict(_roots(module))
    return _reached(module, roots), roots


def _roots(module: str) -> Roots:
    """The packages to follow: all of a plug-in, or our folder of the item's kind; and shared content."""
    if not module.startswith(PRODUCT + "."):
        return {(top := module.partition(".")[0]): _place(top), **_content()}
    rooms = (
        ".".join(module.split(".")[: 3 if module.startswith(f"{PRODUCT}.data.") else 2]),
        *SHARED_CONTENT,
    )
    return {room: _place(room) for room in rooms}


def _place(name: str) -> Path:
    """The folder of a package or the file of a module, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not (spec.submodule_search_locations or spec.origin):
        raise UserError(f"no module {name!r}", mend="install it again")
    return Path(spec.submodule_search_locations[0] if spec.submodule_search_locations else str(spec.origin))


def _content() -> Roots:
    """All content of ours, on which an item of somebody else may be built."""
    return {name: _place(name) for name in (*CONTENT, *SHARED_CONTENT)}


def _reached(module: str, roots: Roots) -> dict[str, Path]:
    """Files by module: of a module and of all that it imports below the roots, its own first."""
    reached: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name, roots)
        if path is not None and name not in reached:
            reached[name] = path
            with _readable(path):
                waiting.extend(_imports(path.read_text("utf8"), _package(name, path)))
    return reached


def _package(module: str, path: Path) -> str:
    """The package that relative imports of a module start from."""
    return module if path.name == "__init__.py" else module.rpartition(".")[0]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"cannot be read: {type(error).__name__}: {error}", where=str(path)) from error


def _file(module: str, roots: Roots) -> Path | None:
    """The file of a module below one of the roots; None for any other module."""
    for root, place in roots.items():
        if root and module != root and not module.startswith(root + "."):
            continue
        base = place.joinpath(*module.removeprefix(root).strip(".").split("."))
        files = (place,) if place.is_file() else (base.with_suffix(".py"), base / "__init__.py")
        for path in files:
            if path.is_file():
                return path
    return None


@lru_cache(REMEMBERED)
def _imports(text: str, package: str) -> tuple[str, ...]:
    """Names that a text imports, modules or not: only modules have a file."""
    return tuple(sorted({name for node in ast.walk(parse(text)) for name in _named(node, package)}))


@lru_cache(REMEMBERED)
def _imported(text: str, package: str) -> tuple[tuple[str, str], ...]:
    """The module and the name of every ``from … import …`` of a text."""
    nodes = [node for node in ast.walk(parse(text)) if isinstance(node, ast.ImportFrom)]
    return tuple((_base(node, package), alias.name) for node in nodes for alias in node.names)


def _named(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _base(node, package)
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _base(node: ast.ImportFrom, package: str) -> str:
    """The absolute name of the module that an import takes names from."""
    above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
    return ".".join([*above, *filter(None, [node.module])])
