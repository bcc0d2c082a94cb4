"""Search methods by name and write the record of each search to a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from w2s_bench.method import load_method
from w2s_bench.registry.items import items
from w2s_bench.run.settings import RunSettings
from w2s_bench.suite import load_suite
from w2s_bench.tuning.record import Tuned, save
from w2s_bench.tuning.search import Budget, OnDone, OnRound, tune
from w2s_bench.tuning.search_space import axes

ALL = "all"


def tune_methods(
    names: Sequence[str],
    suite: str,
    settings: RunSettings,
    budget: Budget,
    out: Path | None,
    on_round: OnRound,
    on_done: OnDone,
) -> list[Tuned]:
    """Search each method and write ``METHOD.json`` below ``out``.

    ``all`` stands for every method that is no reference row and has an option to search.
    """
    wanted = list(dict.fromkeys(n for name in names for n in (searchable() if name == ALL else [name])))
    resolved = settings.resolved()
    tuned = tune(wanted, load_suite(suite)[0], resolved, resolved.slots(), budget, on_round, on_done)
    for search in tuned:
        save(search, (out or Path("runs") / "tune") / file_name(search.method))
    return tuned


FIXED = ("naive",)  # the baseline of all comparisons stays as the paper has it


def searchable() -> list[str]:
    """Names of all registered methods that can be searched."""
    loaded = {i.name: load_method(i.name) for i in items("method").values() if i.error is None}
    return [n for n, m in loaded.items() if m.kind == "method" and n not in FIXED and axes(type(m).Options)]


def file_name(method: str) -> str:
    """A method's name as a file's; one from a file by the file's name and its own."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", Path(method).name).strip("-") + ".json"
