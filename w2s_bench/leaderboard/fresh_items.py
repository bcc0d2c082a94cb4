"""Fresh test items for a review, to which nobody could have tuned.

For generated tasks they come from a generator seed of the review. For data sets that grow, such as lichess's,
they are the groups (games) that only a newer copy of the data has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from w2s_bench.bad_rows import UNUSABLE, BrokenRow
from w2s_bench.errors import UserError
from w2s_bench.sources import GeneratedSource, Row, Source
from w2s_bench.store.local import write_text
from w2s_bench.task import Task, load_task

FRESH_FROM = 1000  # published rows are of small seeds
REVIEWED = '''"""A task of the suite and its fresh test set, for one review."""

from dataclasses import replace
from pathlib import Path

from w2s_bench.leaderboard.fresh_items import newer, reseeded
from w2s_bench.task import load_task

WHOLE = load_task({task!r})
FRESH = replace(
    WHOLE,
    card=replace(WHOLE.card, name=WHOLE.card.name + "-fresh", companions=(), test_only=True),
    source={source},
)
TASK = replace(WHOLE, card=replace(WHOLE.card, companions=({fresh!r},)))
'''


@dataclass(frozen=True, kw_only=True, slots=True)
class Newer:
    """Rows of a data set in the mirror ``copy`` whose groups are not in the review's own mirror.

    A row whose group cannot be read stays, and is counted as a bad row.
    """

    source: Source
    group: Callable[[Row], str]
    copy: Path

    def has(self, split: str) -> bool:
        return self.source.has(split)

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        known = {self._group(row) for row in self.source.rows(split, mirror)} - {None}
        return [row for row in self.source.rows(split, self.copy) if self._group(row) not in known]

    def fingerprint(self, mirror: Path | None) -> str:
        return f"newer:{self.source.fingerprint(mirror)}:{self.source.fingerprint(self.copy)}"

    def _group(self, row: Row) -> str | None:
        try:
            return None if isinstance(row, BrokenRow) else self.group(row)
        except UNUSABLE:
            return None


def newer(task: Task, copy: Path) -> Newer:
    """The rows that a newer copy of the task's data adds."""
    return Newer(source=task.source, group=task.group, copy=copy)


def reseeded(task: Task, seed: int) -> GeneratedSource:
    """The generator of a task with another seed."""
    assert isinstance(task.source, GeneratedSource)
    return replace(task.source, seed=seed)


def reviewed(task: str, review_seed: int, hub: Path | None, copy: Path | None, folder: Path) -> str:
    """The name of a task, in a new file in ``folder``, with a fresh test set as its companion; the given name
    where there is none. ``hub``: the mirror that judged the bundle, ``copy`` a newer one.

    Errors: UserError for a copy that holds the same rows.
    """
    whole = load_task(task)
    if isinstance(whole.source, GeneratedSource):
        source = f"reseeded(WHOLE, {FRESH_FROM + review_seed})"
    elif copy is not None and _grown(whole, hub, copy):
        source = f"newer(WHOLE, Path({str(copy.resolve())!r}))"
    else:
        return task
    path = folder / "reviewed.py"
    write_text(path, REVIEWED.format(task=task, source=source, fresh=f"{path}:FRESH"))
    return f"{path}:TASK"


def drifts(task: str) -> bool:
    """Whether fresh items may be harder or easier than the published ones; a generator's are not."""
    return not isinstance(load_task(task).source, GeneratedSource)


def _grown(task: Task, hub: Path | None, copy: Path) -> bool:
    """Whether the newer copy holds the task's data; other data sets of a suite need not be in it."""
    try:
        fingerprint = task.source.fingerprint(copy)
    except UserError:
        return False
    if fingerprint == task.source.fingerprint(hub):
        raise UserError(
            f"the newer copy holds the rows of {task.card.name} that the bundle was judged by",
            where=str(copy),
            expected="a copy of the data set that has grown since",
            mend="download it again from its source, or leave --newer away",
        )
    return True
