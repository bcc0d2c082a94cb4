"""Check, before a result is stored, that the job's inputs are still those of its key.

The plan reads code, data and weights for the keys; a job reads them again later. If files were edited in
between, the result would be stored under the key of the former files.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from w2s_bench.errors import BadData, FitFailed, UserError
from w2s_bench.method import load_method, method_fingerprint
from w2s_bench.model import family_of
from w2s_bench.plan.job import FitJob, Job, SplitJob
from w2s_bench.registry.items import Kind, held
from w2s_bench.registry.load import is_own
from w2s_bench.registry.source_hash import source_hash, sources
from w2s_bench.task import fingerprint, load_task

_STABLE = {
    "expected": "files that stay as they are until a run has ended",
    "mend": "run the same command again: it plans anew, and what was finished before is kept",
}
State = tuple[tuple[str, int, int], ...]


def check_unchanged(job: Job, mirror: Path | None) -> None:
    """Check that the job's files are unchanged since the run was planned.

    Errors: BadData for a changed task; FitFailed for a changed model or method.
    """
    if isinstance(job, SplitJob):
        _check_task(job.task, job.fingerprint, mirror)
        for name, print_ in job.companions.items():
            _check_task(name, print_, mirror)
        return
    if _model(job.model) != job.model_fingerprint:
        raise _changed(f"model {job.model}", "its weights or code")
    if isinstance(job, FitJob) and _method(job) != job.method_fingerprint:
        raise _changed(f"method {job.method}", "its code")


@held()
def _check_task(name: str, planned: str, mirror: Path | None) -> None:
    if fingerprint(name, load_task(name), mirror) != planned:
        raise BadData(
            "its data or code changed while the run was going: nothing of it was kept",
            where=f"task {name}",
            **_STABLE,
        )


def _changed(where: str, what: str) -> FitFailed:
    return FitFailed(f"{what} changed while the run was going: this fit was not kept", where=where, **_STABLE)


def _model(name: str) -> str | None:
    try:
        head, family, argument = family_of(name) if is_own(name) else _family(name)
        return f"{_code('model', head, _state('model', head))}:{family.fingerprint(argument)}"
    except (UserError, OSError):
        return None  # it cannot be read any more


def _method(job: FitJob) -> str | None:
    try:
        return _method_of(job.method, json.dumps(job.options), _state("method", job.method))
    except (UserError, OSError):
        return None


@cache
def _code(kind: Kind, name: str, state: State) -> str:
    return source_hash(kind, name)


@cache
def _method_of(name: str, options: str, state: State) -> str:
    return method_fingerprint(name, load_method(name, json.loads(options)))


def _state(kind: Kind, name: str) -> State:
    """Paths, sizes and times of an item's files, which are read again only when these change."""
    files = sources(kind, name) if is_own(name) else _sources(kind, name)
    stats = ((str(path.resolve()), path.stat()) for path in files)
    return tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats)


# Cached for registered items only: names of a user's own files are relative to the working folder.
_family, _sources = cache(family_of), cache(sources)
