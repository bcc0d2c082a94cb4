"""Import items: registered ones by name, ``path/to/file.py:Name``, and ``path/to/task.toml``.

A path works wherever a name does, so that a researcher can try something without packaging it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from w2s_bench.errors import UserError
from w2s_bench.registry.items import Kind, find

OWN = ".py:"  # path/to/file.py:Name, a file of its author's
READERS = "w2s_bench.readers"  # entry points that read an item from a TOML file, by kind
ATTRIBUTE = {"task": "TASK", "method": "METHOD", "model": "FAMILY"}


def load(kind: Kind, name: str) -> Any:
    """Import an item and return its ``TASK``, ``METHOD`` or ``FAMILY``; ``file.py:Name`` reads a file,
    and so does ``file.toml`` for a task."""
    if is_toml(kind, name):
        return toml_reader(kind).load()(Path(name))
    if is_own(name):
        path, _, attribute = name.rpartition(":")
        return _attribute(_module_from(Path(path)), attribute, name)
    if name.endswith(".py"):
        raise UserError(
            f"no {kind} of the file is named",
            where=name,
            expected=f"{name}:Name with a name from it",
        )
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
    """Import a file once, under a name made from its path and text, so that pickled classes resolve in
    workers and an edited file is imported again."""
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


def is_toml(kind: Kind, name: str) -> bool:
    """Whether a name is that of a TOML file that describes the item: tasks alone have such files."""
    return kind == "task" and name.endswith(".toml")


def toml_reader(kind: Kind) -> EntryPoint:
    """The entry point of the function that makes an item of a kind from a TOML file."""
    return next(iter(entry_points(group=READERS, name=kind)))


def is_own(name: str) -> bool:
    """Whether a name means an object in an unregistered file, ``path/to/file.py:Name``."""
    return OWN in name


def anchored(name: str) -> str:
    """The name with an absolute path, so that it means the same item in any working folder."""
    if name.endswith(".toml"):
        return str(Path(name).resolve())
    if not is_own(name):
        return name
    path, _, attribute = name.rpartition(":")
    return f"{Path(path).resolve()}:{attribute}"
