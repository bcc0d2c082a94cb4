"""What is registered: tasks, methods and models through entry points, and the shipped suites.

An entry point names a *pack*: a package whose modules are the items. An item is called pack/file, with
hyphens for underscores (``nlp/sst2``); items of the pack ``core`` go by their file alone (``naive``). Listing
imports no item. A broken pack is listed with its error, never skipped.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, TypeVar

from w2s_bench.errors import UnknownName
from w2s_bench.registry.code_form import parse

Kind = Literal["task", "method", "model", "suite"]

CORE = "core"
T = TypeVar("T")
_HELD: ContextVar[dict[tuple[str, ...], Any] | None] = ContextVar("held", default=None)


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


def once(make: Callable[..., T], *asked: str) -> T:
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
    return once(_items, kind)


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
        return _summary(path, stat.st_mtime_ns, stat.st_size), None
    except (SyntaxError, ValueError, OSError) as error:
        return "", f"{type(error).__name__}: {error}"


@cache
def _summary(path: Path, changed: int, size: int) -> str:
    """The first line of a file in one state: whoever is asked for one item looks at all of them."""
    return docstring(path).partition("\n")[0]


def docstring(path: Path) -> str:
    """The docstring of a module, without importing it. Errors: SyntaxError, ValueError, OSError."""
    return ast.get_docstring(parse(path.read_text("utf8"))) or ""


def method_kind(summary: str) -> str:
    """Whether a listed method is a row to compare with, from its first line: listing imports nothing."""
    marks = {"Reference row": "reference", "Oracle row": "oracle"}
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
