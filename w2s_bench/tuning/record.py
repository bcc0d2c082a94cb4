"""Records of a search: every trial, the chosen options and why; cards and figures read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from w2s_bench.errors import UserError
from w2s_bench.records import parse
from w2s_bench.store.local import write_text

SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialRecord:
    """The options of a trial and its results on weak-labelled validation items.

    The search maximises ``score``, agreement with a second teacher. ``agreement`` is with the student's own
    teacher, ``accuracy`` on the gold test sets of the development tasks; both are for readers only.
    ``by_task`` has these three by task, of which they are the means. ``failed`` says why there are none.
    """

    options: dict[str, Any]
    score: float | None = None
    agreement: float | None = None
    accuracy: float | None = None
    by_task: dict[str, list[float]]
    failed: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """A search. The first trial has the method's own defaults.

    ``chosen`` are the options of the best trial, or of the first where the best's ``lead`` over it is below
    the ``needed`` one (:class:`~w2s_bench.tuning.selection.Lead`).
    """

    method: str
    suite: str
    suite_hash: str
    tasks: list[str]
    seeds: list[int]
    budget: int
    sampler_seed: int
    searched: list[str]
    trials: list[TrialRecord]
    chosen: dict[str, Any]
    lead: float
    needed: float


def save(search: Tuned, path: Path) -> None:
    """Write a search to a JSON file."""
    write_text(path, json.dumps(asdict(search), indent=1, sort_keys=True, allow_nan=False) + "\n")


def load(path: Path) -> Tuned:
    """Read a search. Errors: StoreError for a damaged file."""
    search: Tuned = parse(Tuned, json.loads(path.read_text("utf8")), str(path))
    return search


def stated_trials(stated: str | None) -> int | None:
    """The number of trials that a submission states: a number, or the count of those in a search's file.

    Errors: UserError for a text that is neither.
    """
    if stated is None:
        return None
    if stated.isdecimal() and len(stated) < 10:
        return int(stated)
    if not Path(stated).is_file():
        raise UserError(
            f"no tuning budget: {stated!r}",
            where="--tuning",
            expected="a number of trials, or METHOD.json of w2s-bench tune",
        )
    return len(load(Path(stated)).trials)


def shipped(method: str) -> Tuned | None:
    """The search that a shipped method's defaults come from; None without one."""
    path = SHIPPED / f"{method}.json"
    return load(path) if path.is_file() else None


def curve(search: Tuned, option: str) -> Iterator[tuple[Any, TrialRecord]]:
    """Trials in the order of one option's value; the other options vary along the curve too."""
    done = [t for t in search.trials if t.score is not None]
    yield from sorted(((t.options[option], t) for t in done), key=lambda pair: pair[0])
