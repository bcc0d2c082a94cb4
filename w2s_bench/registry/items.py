"""Registered tasks, methods and models, found through entry points, and the shipped suites.

An entry point names a *pack*: a package whose modules are the items. An item is named pack/file, with
hyphens for underscores (``nlp/sst2``), or in the pack ``core`` by its file alone (``naive``). Listing imports
no item. A broken pack is listed with its error, never skipped.
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
    """A registered item: its module and file, the first line of its docstring, and its error, if any."""

    kind: Kind
    name: str
    pack: str
    module: str
    path: Path
    summary: str
    error: str | None = None


@contextmanager
def held() -> Iterator[None]:
    """Cache the results of :func:`once` within the block. Plans look items up thousands of times within
    seconds; outside, every lookup reads the files again."""
    if _HELD.get() is not None:
        yield
        return
    token = _HELD.set({})
    try:
        yield
    finally:
        _HELD.reset(token)


def once(make: Callable[..., T], *arguments: str) -> T:
    """The result of ``make(*arguments)``, computed once within :func:`held`."""
    cache = _HELD.get()
    if cache is None:
        return make(*arguments)
    key = (make.__name__, *arguments)
    if key not in cache:
        cache[key] = make(*arguments)
    result: T = cache[key]
    return result


def items(kind: Kind) -> dict[str, Item]:
    """All registered items of a kind by name, sorted; imports none of them."""
    return once(_items, kind)


def _items(kind: Kind) -> dict[str, Item]:
    by_name: dict[str, Item] = {}
    for point in sorted(entry_points(group=f"w2s_bench.{kind}s"), key=lambda p: (p.name, p.value)):
        for item in _pack(kind, point.name, point.value):
            first = by_name.setdefault(item.name, item)
            if first.module != item.module:
                both = f"two packs have an item {item.name!r}: {first.module} and {item.module}"
                by_name[item.name] = replace(first, error=both)
    return dict(sorted(by_name.items()))


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
            stem = path.stem.replace("_", "-")
            item = Item(
                kind=kind,
                name=stem if pack == CORE else f"{pack}/{stem}",
                pack=pack,
                module=f"{package}.{path.stem}",
                path=path,
                summary="",
            )
            try:
                stat = path.stat()
                yield replace(item, summary=_summary(path, stat.st_mtime_ns, stat.st_size))
            except (SyntaxError, ValueError, OSError) as error:
                yield replace(item, error=f"{type(error).__name__}: {error}")


@cache
def _summary(path: Path, changed: int, size: int) -> str:
    """The first line of a file's docstring, cached because a lookup of one item reads all files."""
    return docstring(path).partition("\n")[0]


def docstring(path: Path) -> str:
    """The docstring of a module, without importing it. Errors: SyntaxError, ValueError, OSError."""
    return ast.get_docstring(parse(path.read_text("utf8"))) or ""


def method_kind(summary: str) -> str:
    """The kind of a listed method, from the first line of its docstring: listing imports nothing."""
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
    """The item of that name. Errors: UnknownName with similar or all known names."""
    known = suites() if kind == "suite" else items(kind)
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    raise UnknownName(
        f"unknown {kind} {name!r}",
        expected=("one near it: " + ", ".join(near)) if near else "one of: " + ", ".join(known),
        mend=f"w2s-bench list {kind}s shows all {len(known)}",
    )
