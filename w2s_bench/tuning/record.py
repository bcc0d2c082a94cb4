"""What a search leaves: every trial, what was chosen and why; read again by cards and figures."""

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
    """Options, and what came out on weak-labelled validation.

    ``score``, agreement with the second teacher, is selected by; ``agreement`` is with the own one, and
    ``accuracy`` with gold on the development tasks' test sets, both told for readers and used for nothing.
    ``by_task``: these three by task, of which they are the means. ``failed`` says why there are none.
    """

    options: dict[str, Any]
    score: float | None = None
    agreement: float | None = None
    accuracy: float | None = None
    by_task: dict[str, list[float]]
    failed: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """A search. The first trial has the options that the method had; ``chosen`` are those of the best trial,
    unless its ``lead`` over the first is below the one ``needed`` to be clear (``score.Lead``)."""

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


def save(found: Tuned, path: Path) -> None:
    """Write a search as JSON."""
    write_text(path, json.dumps(asdict(found), indent=1, sort_keys=True, allow_nan=False) + "\n")


def load(path: Path) -> Tuned:
    """Read a search. Errors: StoreError for a damaged file."""
    found: Tuned = parse(Tuned, json.loads(path.read_text("utf8")), str(path))
    return found


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
    """The search that a shipped method's defaults come from."""
    path = SHIPPED / f"{method}.json"
    return load(path) if path.is_file() else None


def curve(found: Tuned, option: str) -> Iterator[tuple[Any, TrialRecord]]:
    """Trials in the order of one option's value; the others vary with it."""
    done = [t for t in found.trials if t.score is not None]
    yield from sorted(((t.options[option], t) for t in done), key=lambda pair: pair[0])
