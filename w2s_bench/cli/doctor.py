"""The verb ``doctor``: describe this machine and installation, and what is wrong with them."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import click

from w2s_bench.cli.options import hub_option, json_option, store_option
from w2s_bench.cli.output import print_document, quiet_libraries
from w2s_bench.registry.items import Kind, items
from w2s_bench.run.settings import cores, store_folder
from w2s_bench.store.local import Store

LIBRARIES = ("torch", "transformers", "accelerate", "datasets", "numpy", "scipy", "pyarrow", "chess")
OPTIONAL = {"peft": "lora in a recipe", "ray": "--executor ray", "s3fs": "stores at s3:// addresses"}
KINDS: tuple[Kind, ...] = ("task", "method", "model")
LOW_SPACE = 2e9  # bytes of free space below which a suite may not fit


@click.command()
@store_option
@hub_option
@json_option
def doctor(store: Path | str | None, hub: Path | None, as_json: bool) -> None:
    """Check this installation: versions, devices, store and plug-ins. It contacts no host.

    Exit status 1 if something is wrong.
    """
    quiet_libraries()
    findings = examine(store_folder(store), hub)
    print_document([asdict(finding) for finding in findings], as_json, lambda _: _text(findings))
    if any(finding.state == "wrong" for finding in findings):
        sys.exit(1)


def _text(findings: list[Finding]) -> str:
    mends = (f"; {f.mend}" if f.mend and f.state != "ok" else "" for f in findings)
    return "\n".join(f"{f.state:<6}{f.what}{mend}" for f, mend in zip(findings, mends, strict=True))


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination; ``mend`` says what to do where the state is wrong."""

    state: Literal["ok", "note", "wrong"]
    what: str
    mend: str = ""


def examine(store: Path, hub: Path | None) -> list[Finding]:
    """All findings about the installation, a store and a mirror, in the order in which they are printed."""
    return [*_versions(), *_machine(), *_devices(), *_store(store), *_hub(hub), *_plug_ins()]


def _versions() -> Iterator[Finding]:
    here = platform.python_version()
    state: Literal["ok", "wrong"] = "ok" if sys.version_info >= (3, 11) else "wrong"
    yield Finding(state, f"Python {here}, w2s-bench {version('w2s-bench')}", "use Python 3.11 to 3.13")
    yield Finding("ok", ", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    for name, use in OPTIONAL.items():
        try:
            yield Finding("ok", f"{name} {version(name)}: {use}")
        except PackageNotFoundError:
            yield Finding("note", f"{name} is not installed: no {use}")


def _machine() -> Iterator[Finding]:
    yield Finding("ok", f"{platform.platform()}, {cores()} cores")
    threads = os.environ.get("OMP_NUM_THREADS")
    if threads is None:
        yield Finding("note", "OMP_NUM_THREADS is not set: libraries may take more threads than --threads")


def _devices() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        for k in range(torch.cuda.device_count()):
            facts = torch.cuda.get_device_properties(k)
            yield Finding("ok", f"cuda:{k}: {facts.name}, {facts.total_memory / 1e9:.0f} GB")
    elif torch.backends.mps.is_available():
        yield Finding("ok", "mps")
    else:
        yield Finding("note", "no GPU: suites run on the CPU")


def _store(root: Path) -> Iterator[Finding]:
    from w2s_bench.store.maintenance import abandoned_drafts, artifacts

    near = next(p for p in (root, *root.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryDirectory(dir=near):
            pass
    except OSError as error:
        what = f"store {root}: cannot be written ({error.strerror})"
        yield Finding("wrong", what, "give another by --store")
        return
    free = shutil.disk_usage(near).free
    state: Literal["ok", "wrong"] = "ok" if free > LOW_SPACE else "wrong"
    count = len(list(artifacts(Store(root)))) if root.is_dir() else 0
    yield Finding(state, f"store {root}: {count} artifacts, {free / 1e9:.1f} GB free", "free some space")
    if root.is_dir() and (left := list(abandoned_drafts(Store(root)))):
        what = f"{len(left)} drafts of killed processes"
        yield Finding("note", what, "w2s-bench store prune --strays --yes")


def _hub(mirror: Path | None) -> Iterator[Finding]:
    if mirror is not None:
        state: Literal["ok", "wrong"] = "ok" if mirror.is_dir() else "wrong"
        yield Finding(state, f"mirror of the hub: {mirror}", "correct --hub or W2S_HUB")
    elif os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        what = "HF_HUB_OFFLINE is set and there is no mirror: tasks of the hub cannot be loaded"
        yield Finding("note", what)
    else:
        yield Finding("note", "tasks of the hub are loaded from the hub by name (not tried here)")


def _plug_ins() -> Iterator[Finding]:
    for kind in KINDS:
        registered = items(kind)
        broken = {name: item.error for name, item in registered.items() if item.error is not None}
        yield Finding("ok", f"{len(registered) - len(broken)} {kind}s")
        for name, error in broken.items():
            what = f"{kind} {name} does not load: {str(error)[:200]}"
            yield Finding("wrong", what, "mend or uninstall its package")
