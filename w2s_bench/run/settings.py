"""Settings of a run: folders, device, limits. The command line takes its options' names and defaults here."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from w2s_bench.errors import UserError

if TYPE_CHECKING:
    from w2s_bench.store.remote import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """Settings of a run; :meth:`resolved` fills in those that depend on the machine.

    ``out``: folder of the results. ``store``: place of finished jobs. ``hub``: root of a local mirror of the
    hub. ``device``: auto, cpu, cuda or mps. ``workers``: jobs at a time; None for as many as suit the device.
    ``threads``: CPU threads of a worker. ``limit``: seconds until a student counts as hung; None for no
    limit. ``address`` of a Ray cluster and ``gpu_share``, the share of a GPU that a job takes, belong to the
    executor ``ray``. ``shards``: processes, each with its own GPU, that share one fit. ``checkpoint_every``:
    seconds between two checkpoints of a fit; 0 for none.
    """

    out: Path | None = None
    store: Place | None = None
    hub: Path | None = None
    device: str = "auto"
    workers: int | None = None
    threads: int = 1
    limit: float | None = 3600.0
    executor: Literal["local", "ray"] = "local"
    address: str | None = None
    gpu_share: float = 1.0
    shards: int = 1
    checkpoint_every: float = 300.0

    @classmethod
    def default(cls, name: str) -> Any:
        """The default of a setting."""
        return next(f.default for f in fields(cls) if f.name == name)

    def resolved(self) -> RunSettings:
        """The settings with the store, the mirror's absolute path and the device filled in.

        Errors: UserError for a mirror that is not a directory, or a device that this machine lacks.
        """
        if self.hub is not None and not self.hub.is_dir():
            raise UserError(
                "--hub is not a directory",
                where=str(self.hub),
                expected="a folder with data sets as ORG/NAME",
                mend="correct --hub or W2S_HUB",
            )
        store = self.store_place
        if self.executor == "ray" and isinstance(store, Path):
            store = store.resolve()  # the same on every node
        hub = self.hub.resolve() if self.hub else None
        return replace(self, store=store, hub=hub, device=self._device())

    def _device(self) -> str:
        """The device of this machine, or of a cluster's nodes. Errors: UserError."""
        if self.executor == "local" or self.address is None:
            from w2s_bench.train.device import pick  # imports torch, which most verbs do without

            return str(pick(self.device))
        if self.device == "auto":
            raise UserError(
                "a cluster's device cannot be guessed from here",
                where="--device auto",
                expected="cpu or cuda",
                mend="say what its nodes are to use: --device cuda",
            )
        return self.device

    @property
    def store_place(self) -> Place:
        """The place of finished jobs, given or default."""
        return self.store or default_store()

    def slots(self) -> int:
        """Jobs at a time: by default one for each CPU core, or one on another device."""
        return self.workers or (cores() if self.device == "cpu" else 1)

    def command(self, suite: str, methods: Sequence[str] = ()) -> str:
        """The command line of a run of ``suite`` with these settings; defaults are left out."""
        words = ["w2s-bench", "run", suite]
        for name in methods:
            words += ["--method", name]
        for f in fields(self):
            if (value := getattr(self, f.name)) != f.default:
                words += [f"--{f.name.replace('_', '-')}", str(value)]
        return shlex.join(words)


def cores() -> int:
    """Cores that this process may use; on macOS and Windows, all cores."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def default_store() -> Place:
    """``W2S_STORE``, or the user's cache folder."""
    if given := os.environ.get("W2S_STORE"):
        from w2s_bench.store.remote import place

        return place(given)
    from platformdirs import user_cache_path

    return user_cache_path("w2s-bench") / "store"


def store_folder(given: Place | None) -> Path:
    """The folder of finished jobs, given or default. Errors: UserError for an address."""
    where = given or default_store()
    if isinstance(where, Path):
        return where
    raise UserError(
        "this verb looks at a folder's files",
        where=str(where),
        expected="a store that is a folder",
        mend="list and prune an address with its own tools",
    )
