"""What this machine and installation are, and what is wrong with them; asks no host for anything."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from w2s_bench.registry.items import Kind, items
from w2s_bench.run.settings import cores
from w2s_bench.store.local import Store

LIBRARIES = ("torch", "transformers", "accelerate", "datasets", "numpy", "scipy", "pyarrow", "chess")
OPTIONAL = {"peft": "lora in a recipe", "ray": "--executor ray", "s3fs": "stores at s3:// addresses"}
KINDS: tuple[Kind, ...] = ("task", "method", "model")
LITTLE = 2e9  # bytes of free space below which a suite may not fit


@dataclass(frozen=True, slots=True)
class Sign:
    """One finding; ``mend`` says what to do where it is wrong."""

    state: Literal["ok", "note", "wrong"]
    what: str
    mend: str = ""


def examine(store: Path, hub: Path | None) -> list[Sign]:
    """All findings, in the order in which they are told."""
    return [*_versions(), *_machine(), *_devices(), *_store(store), *_hub(hub), *_plug_ins()]


def _versions() -> Iterator[Sign]:
    here = platform.python_version()
    state: Literal["ok", "wrong"] = "ok" if sys.version_info >= (3, 11) else "wrong"
    yield Sign(state, f"Python {here}, w2s-bench {version('w2s-bench')}", "use Python 3.11 to 3.13")
    yield Sign("ok", ", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    for name, use in OPTIONAL.items():
        try:
            yield Sign("ok", f"{name} {version(name)}: {use}")
        except PackageNotFoundError:
            yield Sign("note", f"{name} is not installed: no {use}")


def _machine() -> Iterator[Sign]:
    yield Sign("ok", f"{platform.platform()}, {cores()} cores")
    threads = os.environ.get("OMP_NUM_THREADS")
    if threads is None:
        yield Sign("note", "OMP_NUM_THREADS is not set: libraries may take more threads than --threads")


def _devices() -> Iterator[Sign]:
    import torch

    if torch.cuda.is_available():
        for k in range(torch.cuda.device_count()):
            facts = torch.cuda.get_device_properties(k)
            yield Sign("ok", f"cuda:{k}: {facts.name}, {facts.total_memory / 1e9:.0f} GB")
    elif torch.backends.mps.is_available():
        yield Sign("ok", "mps")
    else:
        yield Sign("note", "no GPU: suites run on the CPU")


def _store(root: Path) -> Iterator[Sign]:
    from w2s_bench.store.maintenance import kept, strays

    near = next(p for p in (root, *root.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryDirectory(dir=near):
            pass
    except OSError as error:
        yield Sign("wrong", f"store {root}: cannot be written ({error.strerror})", "give another by --store")
        return
    free = shutil.disk_usage(near).free
    state: Literal["ok", "wrong"] = "ok" if free > LITTLE else "wrong"
    count = len(list(kept(Store(root)))) if root.is_dir() else 0
    yield Sign(state, f"store {root}: {count} artifacts, {free / 1e9:.1f} GB free", "free some space")
    if root.is_dir() and (left := list(strays(Store(root)))):
        yield Sign("note", f"{len(left)} drafts of killed processes", "w2s-bench store prune --strays --yes")


def _hub(mirror: Path | None) -> Iterator[Sign]:
    if mirror is not None:
        there = mirror.is_dir()
        yield Sign("ok" if there else "wrong", f"mirror of the hub: {mirror}", "correct --hub or W2S_HUB")
    elif os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        yield Sign("note", "HF_HUB_OFFLINE is set and there is no mirror: tasks of the hub cannot be loaded")
    else:
        yield Sign("note", "tasks of the hub are loaded from the hub by name (not tried here)")


def _plug_ins() -> Iterator[Sign]:
    for kind in KINDS:
        found = items(kind)
        broken = {name: item.error for name, item in found.items() if item.error is not None}
        yield Sign("ok", f"{len(found) - len(broken)} {kind}s")
        for name, error in broken.items():
            told = f"{kind} {name} does not load: {str(error)[:200]}"
            yield Sign("wrong", told, "mend or uninstall its package")
