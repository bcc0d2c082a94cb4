"""One door for tasks, methods and models, ours and everybody else's.

An entry point names a *pack*: a package whose modules are the items. An item is called pack/file,
with hyphens for underscores (``nlp/sst2``); items of the pack ``core`` go by their file alone
(``naive``). ``path/to/file.py:Name`` also works, and ``path/to/task.toml`` for a task, so that a
researcher tries something without packaging it. Listing imports no item; a broken pack is listed with
its error, never skipped.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Literal, TypeVar

from w2s_bench.errors import UnknownName, UserError

Kind = Literal["task", "method", "model", "suite"]

CORE = "core"
READERS = {"task": ("w2s_bench.own.read", "read_task")}  # by name: they stand above this floor
_PARSING = Lock()  # Python 3.11's parser counts its depth for all threads together: see docstring()
OWN = ".py:"  # path/to/file.py:Name, a file of its author's
T = TypeVar("T")
_HELD: ContextVar[dict[tuple[str, ...], Any] | None] = ContextVar("held", default=None)
ATTRIBUTE = {"task": "TASK", "method": "METHOD", "model": "FAMILY"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """Something registered: where it lives, what its first line says, what is wrong with it if anything."""

    kind: Kind
    name: str
    pack: str
    module: str
    path: Path
    summary: str
    error: str | None = None


@contextmanager
def held() -> Iterator[None]:
    """While this holds, what is registered and how files read is asked once: for plans, which ask thousands
    of times in seconds in which nobody edits a file. Outside, every question looks anew."""
    if _HELD.get() is not None:
        yield
        return
    token = _HELD.set({})
    try:
        yield
    finally:
        _HELD.reset(token)


def _once(make: Callable[..., T], *asked: str) -> T:
    """What ``make(*asked)`` gives, made once while :func:`held` holds."""
    known = _HELD.get()
    if known is None:
        return make(*asked)
    key = (make.__name__, *asked)
    if key not in known:
        known[key] = make(*asked)
    found: T = known[key]
    return found


def items(kind: Kind) -> dict[str, Item]:
    """All registered items of a kind by name, sorted; imports none of them."""
    return _once(_items, kind)


def _items(kind: Kind) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for point in sorted(entry_points(group=f"w2s_bench.{kind}s"), key=lambda p: (p.name, p.value)):
        for item in _pack(kind, point.name, point.value):
            there = found.setdefault(item.name, item)
            if there.module != item.module:
                both = f"two packs call something {item.name!r}: {there.module} and {item.module}"
                found[item.name] = replace(there, error=both)
    return dict(sorted(found.items()))


def _pack(kind: Kind, pack: str, package: str) -> Iterable[Item]:
    try:
        spec = importlib.util.find_spec(package)
        folders = list(spec.submodule_search_locations or []) if spec else []
        problem = None if folders else f"no package {package!r}"
    except Exception as error:  # a plug-in may fail in any way; it is shown, not hidden
        folders, problem = [], f"{type(error).__name__}: {error}"
    if problem:
        yield Item(
            kind=kind,
            name=f"{pack}/?",
            pack=pack,
            module=package,
            path=Path(),
            summary="",
            error=f"plug-in {pack!r} ({package}) cannot be opened: {problem}",
        )
    for folder in folders:
        for path in sorted(Path(folder).glob("[!_]*.py")):
            yield _item(kind, pack, f"{package}.{path.stem}", path)


def _item(kind: Kind, pack: str, module: str, path: Path) -> Item:
    stem = path.stem.replace("_", "-")
    summary, error = _first_line(path)
    return Item(
        kind=kind,
        name=stem if pack == CORE else f"{pack}/{stem}",
        pack=pack,
        module=module,
        path=path,
        summary=summary,
        error=error,
    )


def _first_line(path: Path) -> tuple[str, str | None]:
    try:
        stat = path.stat()
        return _told(path, stat.st_mtime_ns, stat.st_size), None
    except (SyntaxError, ValueError, OSError) as error:
        return "", f"{type(error).__name__}: {error}"


@cache
def _told(path: Path, changed: int, size: int) -> str:
    """The first line of a file in one state: whoever is asked for one item looks at all of them."""
    return docstring(path).partition("\n")[0]


def docstring(path: Path) -> str:
    """What a module says of itself, without importing it. Errors: SyntaxError, ValueError, OSError.

    One thread at a time: where a hook on the collection of garbage lets another one parse in between, both
    would end in a SystemError.
    """
    text = path.read_text("utf8")
    with _PARSING:
        return ast.get_docstring(ast.parse(text)) or ""


def method_kind(summary: str) -> str:
    """Whether a listed method is a row to compare with, from its first line: listing imports nothing."""
    marks = {"Reference row:": "reference", "Oracle row:": "oracle"}
    return next((kind for mark, kind in marks.items() if summary.startswith(mark)), "method")


def suites() -> dict[str, Item]:
    """The shipped suites by name."""
    spec = importlib.util.find_spec("w2s_bench.benchmarks")
    folders = list(spec.submodule_search_locations or []) if spec else []
    paths = sorted(p for folder in folders for p in Path(folder).glob("*.toml"))
    return {
        p.stem: Item(
            kind="suite",
            name=p.stem,
            pack=CORE,
            module="",
            path=p,
            summary=p.read_text("utf8").partition("\n")[0].lstrip("# "),
        )
        for p in paths
    }


def find(kind: Kind, name: str) -> Item:
    """The item of that name; an :class:`UnknownName` tells what is near and what exists."""
    known = suites() if kind == "suite" else items(kind)
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    raise UnknownName(
        f"unknown {kind} {name!r}",
        expected=("one near it: " + ", ".join(near)) if near else "one of: " + ", ".join(known),
        mend=f"w2s-bench list {kind}s shows all {len(known)}",
    )


def load(kind: Kind, name: str) -> Any:
    """Import an item and return its ``TASK``, ``METHOD`` or ``FAMILY``; ``file.py:Name`` reads a file,
    and so does ``file.toml`` for a task."""
    if reads_toml(kind, name):
        module_name, reader = READERS[kind]
        return getattr(importlib.import_module(module_name), reader)(Path(name))
    if is_own(name):
        path, _, attribute = name.rpartition(":")
        return _attribute(_module_from(Path(path)), attribute, name)
    item = find(kind, name)
    if item.error:
        raise UserError(item.error, where=str(item.path), mend="mend or uninstall that plug-in")
    try:
        module = importlib.import_module(item.module)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{kind} {name!r} cannot be imported: {type(error).__name__}: {error}",
            where=str(item.path),
            mend="mend or uninstall that plug-in",
        ) from error
    return _attribute(module, ATTRIBUTE[kind], str(item.path))


def _attribute(module: ModuleType, attribute: str, where: str) -> Any:
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise UserError(
            f"no {attribute!r} in it", where=where, expected=f"a module that defines {attribute}"
        ) from None


def _module_from(path: Path) -> ModuleType:
    """Import a file once, under a name made from its path and text: pickled classes resolve in workers, and
    an edited file is read anew, as its content key is."""
    path = path.resolve()
    if not path.is_file():
        raise UserError("no such file", where=str(path), expected="path/to/file.py:Name")
    name = "w2s_file_" + hashlib.sha256(f"{path}\0".encode() + path.read_bytes()).hexdigest()[:12]
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UserError(f"cannot be imported: {type(error).__name__}: {error}", where=str(path)) from error
    return module


def reads_toml(kind: Kind, name: str) -> bool:
    """Whether a name is that of a TOML file which tells what the item is."""
    return kind in READERS and name.endswith(".toml")


def is_own(name: str) -> bool:
    """Whether a name is that of something in a file of its author's, which is not registered."""
    return OWN in name


def anchored(name: str) -> str:
    """The same item named so that it is found from any working folder."""
    if name.endswith(".toml"):
        return str(Path(name).resolve())
    if not is_own(name):
        return name
    path, _, attribute = name.rpartition(":")
    return f"{Path(path).resolve()}:{attribute}"


def source_hash(kind: Kind, name: str) -> str:
    """SHA-256 (16 digits) of the item's file and of the private modules (``_*.py``) beside it; of a
    ``path/to/file.py:Name`` the name as well, since one file may hold several.

    Part of every content key: editing the code of a task, method or model reruns what it made.
    """
    return _once(_source_hash, kind, name)


def _source_hash(kind: Kind, name: str) -> str:
    own_name = name.rpartition(":")[2] if is_own(name) else ""
    digest = hashlib.sha256(own_name.encode())
    for file in sources(kind, name):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def sources(kind: Kind, name: str) -> list[Path]:
    """The files whose text is in an item's :func:`source_hash`: of one that TOML tells, its reader's too."""
    if reads_toml(kind, name):
        spec = importlib.util.find_spec(READERS[kind][0])
        assert spec is not None and spec.origin is not None
        return [Path(name), *sorted(Path(spec.origin).parent.glob("*.py"))]
    if is_own(name):
        return [Path(name.rpartition(":")[0]).resolve()]
    path = find(kind, name).path
    return [path, *sorted(path.parent.glob("_*.py"))]
